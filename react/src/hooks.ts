/**
 * Selector hooks: each renders again only when its own slice changed, so that one message in one
 * room does not render the app. That works because unchanged parts of a snapshot keep their identity.
 */
import type {
  Connection,
  Notification,
  OutboxState,
  PresenceState,
  Room,
  RoomId,
  Snapshot,
  TimelineView,
  User,
  UserId,
} from '@backchannel/client';
import { useCallback, useEffect, useSyncExternalStore } from 'react';
import { useChat } from './context.tsx';
import { subscribePerFrame } from './frames.ts';

/**
 * Any part of the snapshot. `select` must give a value that is the same (`Object.is`) while its part
 * did not change: a member of the snapshot, or a primitive; not a fresh object.
 */
export function useChatSelector<S>(select: (snapshot: Snapshot) => S): S {
  const chat = useChat();
  const subscribe = useCallback((listener: () => void) => subscribePerFrame(chat.subscribe, listener), [chat]);
  const read = (): S => select(chat.getSnapshot());
  return useSyncExternalStore(subscribe, read, read);
}

export const useConnection = (): Connection => useChatSelector((s) => s.connection);
export const useCurrentUser = (): User | null => useChatSelector((s) => s.user);
/** Newest activity first. */
export const useRooms = (): readonly Room[] => useChatSelector((s) => s.rooms);
export const useRoom = (roomId: RoomId): Room | undefined =>
  useChatSelector((s) => s.rooms.find((room) => room.id === roomId));
/** Of one room, or of all. */
export const useUnreadCount = (roomId?: RoomId): number =>
  useChatSelector((s) => (roomId === undefined ? s.totalUnreadCount : (s.unreadCounts[roomId] ?? 0)));
/** Nobody is known to be here while nothing is heard from the server (status `error`). */
export const usePresence = (userId: UserId): PresenceState =>
  useChatSelector((s) => (s.connection.status === 'error' ? 'offline' : (s.presence[userId] ?? 'offline')));
/** Who is typing in the room, but this person. */
export const useTyping = (roomId: RoomId): readonly UserId[] => useChatSelector((s) => s.typing[roomId] ?? NOBODY);
export const useNotifications = (): readonly Notification[] => useChatSelector((s) => s.notifications);
/** Unsent messages over all rooms. */
export const useOutbox = (): OutboxState => useChatSelector((s) => s.outbox);

/**
 * The room's messages, loaded when first used and kept right from then on.
 * They stay held after unmount, so that coming back is instant; `chat.closeRoom` lets go of them.
 */
export function useTimeline(roomId: RoomId): TimelineView {
  const chat = useChat();
  useEffect(() => void chat.openRoom(roomId), [chat, roomId]);
  return useTimelineView(roomId);
}

/** What is held of a room. It opens nothing: for who decides that elsewhere. */
export function useTimelineView(roomId: RoomId): TimelineView {
  const chat = useChat();
  const subscribe = useCallback(
    (listener: () => void) => subscribePerFrame((hear) => chat.subscribeTimeline(roomId, hear), listener),
    [chat, roomId],
  );
  const read = (): TimelineView => chat.getTimeline(roomId);
  return useSyncExternalStore(subscribe, read, read);
}

const NOBODY: readonly UserId[] = [];

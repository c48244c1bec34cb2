/**
 * Selector hooks: each renders again only when its own part changed, so that one message in one
 * room does not render the whole app. Unchanged parts of a snapshot keep their identity.
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
 * Any part of the snapshot. `select` must return the same value (`Object.is`) while its part is
 * unchanged: a member of the snapshot, or a primitive; not a new object.
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
/** Of one room, or of all rooms. */
export const useUnreadCount = (roomId?: RoomId): number =>
  useChatSelector((s) => (roomId === undefined ? s.totalUnreadCount : (s.unreadCounts[roomId] ?? 0)));
/** Everyone is `offline` while there is no connection (status `error`). */
export const usePresence = (userId: UserId): PresenceState =>
  useChatSelector((s) => (s.connection.status === 'error' ? 'offline' : (s.presence[userId] ?? 'offline')));
/** Who is typing in the room, except this person. */
export const useTyping = (roomId: RoomId): readonly UserId[] => useChatSelector((s) => s.typing[roomId] ?? NOBODY);
export const useNotifications = (): readonly Notification[] => useChatSelector((s) => s.notifications);
/** Unsent messages over all rooms. */
export const useOutbox = (): OutboxState => useChatSelector((s) => s.outbox);

/**
 * The room's messages, loaded when first used and updated from then on.
 * They are kept after unmount, so that the room opens at once again; `chat.closeRoom` releases them.
 */
export function useTimeline(roomId: RoomId): TimelineView {
  const chat = useChat();
  useEffect(() => void chat.openRoom(roomId), [chat, roomId]);
  return useTimelineView(roomId);
}

/** The messages that are held of a room. It does not open the room. */
export function useTimelineView(roomId: RoomId): TimelineView {
  const chat = useChat();
  const subscribe = useCallback(
    (listener: () => void) => subscribePerFrame((onChange) => chat.subscribeTimeline(roomId, onChange), listener),
    [chat, roomId],
  );
  const read = (): TimelineView => chat.getTimeline(roomId);
  return useSyncExternalStore(subscribe, read, read);
}

const NOBODY: readonly UserId[] = [];

/**
 * The whole chat in one hook, with the names of the original context. It renders again on every change;
 * where that is too often, use the selector hooks.
 */
import type {
  Chat,
  ConnectionStatus,
  Message,
  RefreshResult,
  Room,
  RoomId,
  SendResult,
  Snapshot,
} from '@backchannel/client';
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { useChat } from './context.tsx';
import { subscribePerFrame } from './frames.ts';

export interface UnifiedChat {
  readonly connectionStatus: ConnectionStatus;
  readonly isConnected: boolean;
  /** Newest activity first. */
  readonly rooms: readonly Room[];
  /** By room id, for the rooms that were opened (`openRoom`, `useTimeline`). */
  readonly messages: Readonly<Record<RoomId, readonly Message[]>>;
  readonly unreadCounts: Readonly<Record<RoomId, number>>;
  readonly totalUnreadCount: number;
  /** Over the WebSocket while it is live, else by REST. @throws ChatError when the server refuses it. */
  readonly sendChatMessage: (roomId: RoomId, content: string, replyTo?: string | null) => Promise<SendResult>;
  readonly refreshRoomList: () => Promise<RefreshResult>;
  readonly openRoom: (roomId: RoomId) => Promise<void>;
}

type Data = Omit<UnifiedChat, 'sendChatMessage' | 'refreshRoomList' | 'openRoom'>;

export function useUnifiedChat(): UnifiedChat {
  const chat = useChat();
  const read = useMemo(() => unifiedReader(chat), [chat]);
  const subscribe = useCallback((listener: () => void) => subscribePerFrame(chat.subscribe, listener), [chat]);
  const data = useSyncExternalStore(subscribe, read, read);
  return useMemo(
    () => ({
      ...data,
      sendChatMessage: (roomId, content, replyTo) => chat.sendChatMessage(roomId, content, replyTo),
      refreshRoomList: () => chat.refreshRoomList(),
      openRoom: (roomId) => chat.openRoom(roomId),
    }),
    [chat, data],
  );
}

/** Returns the same object while nothing in it changed. */
function unifiedReader(chat: Chat): () => Data {
  let snapshot: Snapshot | null = null;
  let data: Data | null = null;
  return () => {
    const now = chat.getSnapshot();
    const messages = messagesByRoom(chat, now.rooms, data?.messages);
    if (data && now === snapshot && messages === data.messages) return data;
    snapshot = now;
    const { connection, rooms, unreadCounts, totalUnreadCount } = now;
    const connectionStatus = connection.status;
    data = {
      connectionStatus,
      isConnected: connectionStatus === 'connected',
      rooms,
      messages,
      unreadCounts,
      totalUnreadCount,
    };
    return data;
  };
}

function messagesByRoom(chat: Chat, rooms: readonly Room[], before: Data['messages'] | undefined): Data['messages'] {
  const held = rooms
    .map((room) => [room.id, chat.getTimeline(room.id).messages] as const)
    .filter(([, m]) => m.length > 0);
  const same = before && Object.keys(before).length === held.length && held.every(([id, m]) => before[id] === m);
  return same ? before : Object.fromEntries(held);
}

import type { Chat, RoomId, Snapshot, TimelineView } from '@backchannel/client';
import { createContext, type ReactNode, useCallback, useContext, useRef, useSyncExternalStore } from 'react';

const ChatContext = createContext<Chat | null>(null);

export function ChatProvider({ chat, children }: { readonly chat: Chat; readonly children: ReactNode }) {
  return <ChatContext value={chat}>{children}</ChatContext>;
}

export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error('No chat here.');
  return chat;
}

export function useChatState<S>(select: (snapshot: Snapshot) => S): S {
  const chat = useChat();
  const latest = useRef(select);
  latest.current = select;
  const read = useCallback(() => latest.current(chat.getSnapshot()), [chat]);
  const subscribe = useCallback((listener: () => void) => chat.subscribe(listener), [chat]);
  return useSyncExternalStore(subscribe, read);
}

export function useTimelineView(roomId: RoomId): TimelineView {
  const chat = useChat();
  const subscribe = useCallback((listener: () => void) => chat.subscribeTimeline(roomId, listener), [chat, roomId]);
  return useSyncExternalStore(subscribe, () => chat.getTimeline(roomId));
}

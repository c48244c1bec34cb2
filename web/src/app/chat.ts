import type { RoomId, TimelineView } from '@backchannel/client';
import { useChat } from '@backchannel/react';
import { useCallback, useSyncExternalStore } from 'react';

export { UnifiedChatProvider as ChatProvider, useChat, useChatSelector as useChatState } from '@backchannel/react';

/** What is held of a room. Unlike the package's `useTimeline` it opens nothing: the timeline decides when. */
export function useTimelineView(roomId: RoomId): TimelineView {
  const chat = useChat();
  const subscribe = useCallback((listener: () => void) => chat.subscribeTimeline(roomId, listener), [chat, roomId]);
  return useSyncExternalStore(subscribe, () => chat.getTimeline(roomId));
}

import type { MessageId, RoomId } from '@backchannel/client';
import type { ThreadsChat, ThreadView } from '@backchannel/client/features/threads';
import { useCallback, useSyncExternalStore } from 'react';
import { useChat } from '../../app/chat.ts';

/** The thread as the client holds it. `openThread` loads it. */
export function useThreadView(threads: ThreadsChat, roomId: RoomId, root: MessageId): ThreadView {
  const chat = useChat();
  const subscribe = useCallback((listener: () => void) => chat.subscribeTimeline(roomId, listener), [chat, roomId]);
  return useSyncExternalStore(subscribe, () => threads.getThread(roomId, root));
}

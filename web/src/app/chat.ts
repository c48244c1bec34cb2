import { useChatSelector } from '@backchannel/react';

export {
  UnifiedChatProvider as ChatProvider,
  useChat,
  useChatSelector as useChatState,
  useTimelineView,
} from '@backchannel/react';

/** Whether the server answers, over whatever transport: without a WebSocket, commands go by HTTP. */
export const useIsReachable = (): boolean =>
  useChatSelector(({ connection: { status } }) => status === 'connected' || status === 'disconnected');

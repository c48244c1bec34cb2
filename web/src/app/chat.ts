export {
  UnifiedChatProvider as ChatProvider,
  useChat,
  useChatSelector as useChatState,
  useTimelineView,
} from '@backchannel/react';

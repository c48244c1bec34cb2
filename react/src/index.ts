/**
 * @backchannel/react: provider, hooks and the connection indicator. Re-exports the client; `createChat` is the full one here.
 */
export { ChatError, indexedDbStorage, isFinalStatus, memoryStorage, uuidv7 } from '@backchannel/client';
export type * from '@backchannel/client';
export { createFullChat as createChat } from '@backchannel/client/full';
export { ConnectionStateIndicator, type ConnectionStateIndicatorProps } from './ConnectionStateIndicator.tsx';
export { UnifiedChatProvider, type UnifiedChatProviderProps, useChat } from './context.tsx';
export {
  useChatSelector,
  useConnection,
  useCurrentUser,
  useNotifications,
  useOutbox,
  usePresence,
  useRoom,
  useRooms,
  useTimeline,
  useTimelineView,
  useTyping,
  useUnreadCount,
} from './hooks.ts';
export { type UnifiedChat, useUnifiedChat } from './useUnifiedChat.ts';

/**
 * @backchannel/react: provider, hooks and the connection indicator. Re-exports the client.
 */
export * from '@backchannel/client';
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
  useTyping,
  useUnreadCount,
} from './hooks.ts';
export { type UnifiedChat, useUnifiedChat } from './useUnifiedChat.ts';

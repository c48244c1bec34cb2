/**
 * @backchannel/client: chat that keeps talking when the WebSocket does not.
 *
 * `createChat(options)` gives a `Chat`; everything else here is types, the error class, and parts
 * worth having on their own. See README.md.
 */
export { createChat } from './client.ts';
export { ChatError, isFinalStatus } from './errors.ts';
export { indexedDbStorage, memoryStorage } from './outboxStorage.ts';
export { uuidv7 } from './uuid.ts';
export type * from './protocol.ts';
export type {
  Auth,
  Chat,
  ChatOptions,
  Clock,
  Connection,
  ConnectionReason,
  ConnectionStatus,
  FetchLike,
  HostEvents,
  HostFact,
  LogEntry,
  Method,
  OutboxItem,
  OutboxState,
  OutboxStorage,
  PendingMessage,
  Present,
  RefreshResult,
  SendError,
  SendResult,
  Snapshot,
  TimelineView,
  WebSocketConstructor,
  WebSocketLike,
} from './types.ts';

/**
 * @backchannel/client: a chat client that falls back to HTTP when the WebSocket does not work.
 *
 * `createChat(options, ...features)` makes the core with the given features; `createFullChat` of
 * `@backchannel/client/full` has all of them. The other exports are types, the error class, and parts
 * that are useful on their own. See README.md.
 */
export { type Core, createChat, type Feature } from './core.ts';
export { ChatError, isFinalStatus } from './errors.ts';
export { toJson } from './json.ts';
export { indexedDbStorage, memoryStorage } from './outboxStorage.ts';
export { uuidv7 } from './uuid.ts';
export type * from './types.ts';
/** The result of sending in this API; the protocol's type of the same name is the body of an answer. */
export type { SendResult } from './types.ts';
export type * from './protocol.ts';

/**
 * @backchannel/client: chat that keeps talking when the WebSocket does not.
 *
 * `createChat(options, ...features)` gives the core, and what is composed into it; `createFullChat` of
 * `@backchannel/client/full` composes everything. The rest here is types, the error class, and parts
 * worth having on their own. See README.md.
 */
export { type Core, createChat, type Feature } from './core.ts';
export { ChatError, isFinalStatus } from './errors.ts';
export { toJson } from './json.ts';
export { indexedDbStorage, memoryStorage } from './outboxStorage.ts';
export { uuidv7 } from './uuid.ts';
export type * from './types.ts';
/** What sending gives here; the protocol's word of the same name is the body of an answer. */
export type { SendResult } from './types.ts';
export type * from './protocol.ts';

/**
 * The public API of the client: what it takes, what it shows, what it does.
 */
export type * from './types/chat.ts';
export type * from './types/options.ts';
export type * from './types/state.ts';

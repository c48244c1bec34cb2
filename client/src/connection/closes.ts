/**
 * What each close code means for the connection: one row per code of the protocol, none left out.
 *
 * `retry`: a failed attempt, back off. `slot`: the node restarts; come back spread over 5 s, no failure.
 * `ask`: ask REST whether the session is really over before telling a person so. `halt`: wait for a person.
 */
import type { CLOSE } from '../protocol.ts';
import type { ConnectionReason } from '../types.ts';

export type CloseRule =
  | { readonly next: 'retry'; readonly failures: number }
  | { readonly next: 'slot' | 'ask' }
  | { readonly next: 'halt'; readonly reason: ConnectionReason };

const retry: CloseRule = { next: 'retry', failures: 1 };
const slot: CloseRule = { next: 'slot' };

const RULES: Readonly<Record<(typeof CLOSE)[keyof typeof CLOSE] | 1001, CloseRule>> = {
  /** Going away: what proxies and other servers say for 1012. */
  1001: slot,
  /** Too large: the message that was fails (transports/websocket.ts); the link comes back. */
  1009: retry,
  /** The server cannot serve now. */
  1011: retry,
  /** The node restarts. */
  1012: slot,
  /** Not understood: a bug of ours, logged. */
  4400: retry,
  /** The session is over. */
  4401: { next: 'ask' },
  4403: { next: 'halt', reason: 'forbidden' },
  /** Too slow. Nothing is lost: resume by cursor. */
  4408: retry,
  4409: { next: 'halt', reason: 'superseded' },
  /** The protocol's version is no longer spoken. */
  4426: { next: 'halt', reason: 'update_required' },
  /** Too many commands or sockets: start three doublings higher. */
  4429: { next: 'retry', failures: 3 },
};

/** Codes that are not the protocol's (1006, a proxy's own) are a failed attempt. */
export const closeRule = (code: number): CloseRule => (RULES as Record<number, CloseRule | undefined>)[code] ?? retry;

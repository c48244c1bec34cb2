/**
 * What each close code means for the connection: one row for each code of the protocol.
 *
 * `retry`: a failed attempt, back off. `slot`: the node restarts; reconnect within 5 s, no failure.
 * `ask`: confirm by REST that the session is over before it is shown. `halt`: wait for a person.
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
  /** Going away: what proxies and other servers send for 1012. */
  1001: slot,
  /** A frame was too large: its message fails (transports/websocket.ts), and the client reconnects. */
  1009: retry,
  /** The server cannot serve now. */
  1011: retry,
  /** The node restarts. */
  1012: slot,
  /** The server did not understand a frame: a bug of this client. */
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

/** Other codes (1006, a proxy's own) are a failed attempt. */
export const closeRule = (code: number): CloseRule => (RULES as Record<number, CloseRule | undefined>)[code] ?? retry;

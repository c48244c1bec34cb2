/**
 * What each close code means for the connection: one row per code of the protocol, none left out.
 *
 * `retry`: a failed attempt, back off. `slot`: the node restarts; come back spread over 5 s, no failure.
 * `ask`: ask REST whether the session is really over before telling a person so. `halt`: wait for a person.
 */
import { CLOSE } from '../protocol.ts';
import type { ConnectionReason } from '../types.ts';

export type CloseRule =
  | { readonly next: 'retry'; readonly failures: number }
  | { readonly next: 'slot' | 'ask' }
  | { readonly next: 'halt'; readonly reason: ConnectionReason };

const retry: CloseRule = { next: 'retry', failures: 1 };

const RULES: Readonly<Record<keyof typeof CLOSE, CloseRule>> = {
  /** The server cannot serve now. */
  unavailable: retry,
  restart: { next: 'slot' },
  /** The message that was too large fails (transports/websocket.ts); the link comes back. */
  too_large: retry,
  /** A bug of ours, logged. */
  not_understood: retry,
  session_over: { next: 'ask' },
  forbidden: { next: 'halt', reason: 'forbidden' },
  /** Nothing is lost: resume by cursor. */
  too_slow: retry,
  superseded: { next: 'halt', reason: 'superseded' },
  protocol_unspoken: { next: 'halt', reason: 'update_required' },
  /** Too many commands or sockets: start three doublings higher. */
  too_many: { next: 'retry', failures: 3 },
};

/** 1001 (going away) is what proxies and other servers say for 1012. */
const GOING_AWAY = 1001;

/** Codes that are not the protocol's (1006, a proxy's own) are a failed attempt. */
export function closeRule(code: number): CloseRule {
  if (code === GOING_AWAY) return RULES.restart;
  for (const [name, known] of Object.entries(CLOSE)) if (known === code) return RULES[name as keyof typeof CLOSE];
  return retry;
}

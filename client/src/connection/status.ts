/**
 * What the person is told, from evidence: the machine's state and how HTTP answered lately.
 *
 * Two damped rules keep the sign calm: one failed request is not an outage (the second in a row is),
 * and a status stays for a second before it gives way. Good news while connecting is shown at once,
 * so that a quick start or a quick reconnect shows nothing at all. Pure.
 */
import type { ConnectionReason, ConnectionStatus } from '../types.ts';
import { isLive, type Model } from './machine.ts';

/** How HTTP did since the socket was last proven. */
export interface RestEvidence {
  readonly answered: boolean;
  /** In a row. */
  readonly failures: number;
}

export const NO_EVIDENCE: RestEvidence = { answered: false, failures: 0 };

export const answered = (): RestEvidence => ({ answered: true, failures: 0 });
export const unanswered = (e: RestEvidence): RestEvidence => ({ answered: e.answered, failures: e.failures + 1 });

export interface Verdict {
  readonly status: ConnectionStatus;
  readonly reason: ConnectionReason | null;
  readonly transport: 'websocket' | 'rest' | null;
}

const FAILING = 2;

/** What the evidence says now. `online` is the host's own belief, used only to name a failure. */
export function judge(m: Model, rest: RestEvidence, online: boolean): Verdict {
  if (isLive(m.state)) return { status: 'connected', reason: null, transport: 'websocket' };
  if (m.state === 'halted') return { status: 'error', reason: m.reason, transport: null };
  if (m.state === 'stopped') {
    // Never started is not "disconnected": a page must not flash orange before its first connect().
    return { status: m.openedAt > 0 ? 'disconnected' : 'connecting', reason: null, transport: null };
  }
  if (rest.failures >= FAILING || (rest.failures > 0 && !online)) {
    return { status: 'error', reason: online ? 'unreachable' : 'offline', transport: null };
  }
  return rest.answered
    ? { status: 'disconnected', reason: null, transport: 'rest' }
    : { status: 'connecting', reason: null, transport: null };
}

export const HOLD_MS = 1_000;

export interface Shown {
  readonly verdict: Verdict;
  readonly since: number;
}

/**
 * The verdict to show now, and when to look again (null: nothing is held back).
 * Details that do not change the colour (transport, reason) are never held back.
 */
export function damp(shown: Shown, verdict: Verdict, now: number): { shown: Shown; again: number | null } {
  const { status } = shown.verdict;
  if (verdict.status === status) return { shown: { verdict, since: shown.since }, again: null };
  const until = shown.since + HOLD_MS;
  const atOnce = verdict.reason !== null && verdict.reason !== 'unreachable' && verdict.reason !== 'offline';
  if (now >= until || atOnce || (status === 'connecting' && verdict.status === 'connected')) {
    return { shown: { verdict, since: now }, again: null };
  }
  return { shown: { verdict: { ...verdict, status, reason: shown.verdict.reason }, since: shown.since }, again: until };
}

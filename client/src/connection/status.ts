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

/** With one more request, that was answered or not. */
export const withRequest = ({ answered, failures }: RestEvidence, ok: boolean): RestEvidence =>
  ok ? { answered: true, failures: 0 } : { answered, failures: failures + 1 };

export interface Verdict {
  readonly status: ConnectionStatus;
  readonly reason: ConnectionReason | null;
  readonly transport: 'websocket' | 'rest' | null;
}

const FAILING = 2;

const verdict = (
  status: ConnectionStatus,
  reason: ConnectionReason | null = null,
  transport: Verdict['transport'] = null,
): Verdict => ({ status, reason, transport });

/** What the evidence says now. `online` is the host's own belief, used only to name a failure. */
export function judge(m: Model, rest: RestEvidence, online: boolean): Verdict {
  if (isLive(m.state)) return verdict('connected', null, 'websocket');
  if (m.state === 'halted') return verdict('error', m.reason);
  // Never started is not "disconnected": a page must not flash orange before its first connect().
  if (m.state === 'stopped') return verdict(m.openedAt > 0 ? 'disconnected' : 'connecting');
  if (rest.failures >= FAILING || (rest.failures > 0 && !online))
    return verdict('error', online ? 'unreachable' : 'offline');
  return rest.answered ? verdict('disconnected', null, 'rest') : verdict('connecting');
}

export const HOLD_MS = 1_000;

export interface Shown {
  readonly verdict: Verdict;
  /** When the status changed, milliseconds since 1970. */
  readonly since: number;
  /** When the status that is held back may be shown; null: nothing is held back. */
  readonly again: number | null;
}

/** The verdict to show now. Details that do not change the colour (transport, reason) are never held back. */
export function damp({ verdict: { status, reason }, since }: Shown, verdict: Verdict, now: number): Shown {
  if (verdict.status === status) return { verdict, since, again: null };
  const until = since + HOLD_MS;
  const atOnce = verdict.reason !== null && verdict.reason !== 'unreachable' && verdict.reason !== 'offline';
  if (now >= until || atOnce || (status === 'connecting' && verdict.status === 'connected')) {
    return { verdict, since: now, again: null };
  }
  return { verdict: { ...verdict, status, reason }, since, again: until };
}

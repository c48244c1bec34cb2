/**
 * The status that is shown, from evidence: the machine's state and the latest HTTP requests.
 *
 * Two rules keep it from flickering: one failed request is not an outage (two in a row are), and a
 * status is shown for at least a second. Connecting gives way to connected at once, so that a quick
 * start or reconnect shows nothing at all. Pure.
 */
import type { ConnectionReason, ConnectionStatus } from '../types.ts';
import { isLive, type Model } from './machine.ts';

/** The HTTP requests since the socket was last proven. */
export interface RestEvidence {
  readonly answered: boolean;
  /** Failures in a row. */
  readonly failures: number;
}

export const NO_EVIDENCE: RestEvidence = { answered: false, failures: 0 };

/** The evidence with one more request. */
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

/** The status that follows from the evidence. `online` is what the host reports, used only to name a failure. */
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

/**
 * The connection, as one pure machine: states × events, every cell decided.
 *
 * Theory. An open socket proves nothing: proxies accept upgrades and drop frames, laptops wake with
 * dead sockets in state OPEN. So the WebSocket is used only after hello, catch-up and one pong
 * (`live`), and only while frames arrive. In every other running state the client receives over HTTP
 * (`isPolling`): make before break, in both directions.
 *
 *             connect                opened             hello              caught_up (ping)
 *   stopped ─────────▶ opening ─────────────▶ greeting ───────▶ catching_up ─────▶ proving
 *                        ▲  │ closed, timeout     │                 │                │ pong
 *            timeout,    │  ▼                     ▼                 ▼                ▼
 *            wake       waiting ◀───────────────────────────────────────────────── live ◀─┐ any
 *                        ▲  ▲                                    closed, zombie,  │ │     │ frame
 *                 probed │  │ closed              going_away         timeout      │ ▼     │
 *                     asking  └──────── leaving ◀─────────────────────────────────┘ checking
 *                     (4401)                                                     (ping, 3 s)
 *   halted: signed out, forbidden, superseded, update required. Only `connect` or `retry_now` leaves.
 *
 * Each state has at most one deadline; `timeout` means that it passed. Time and randomness are arguments,
 * effects are returned. It knows no socket, no timer and no server.
 */
import type { ConnectionReason } from '../types.ts';
import { backoff_ms } from './backoff.ts';
import { closeRule } from './closes.ts';

export type State =
  | 'stopped'
  | 'opening'
  | 'greeting'
  | 'catching_up'
  | 'proving'
  | 'live'
  | 'checking'
  | 'leaving'
  | 'waiting'
  | 'asking'
  | 'halted';

export type Event =
  | { readonly type: 'connect' | 'disconnect' | 'retry_now' }
  | { readonly type: 'opened' | 'caught_up' | 'pong' | 'frame' | 'timeout' }
  | { readonly type: 'hello'; readonly heartbeat_s: number }
  | { readonly type: 'closed'; readonly code: number }
  | { readonly type: 'going_away'; readonly retry_after_ms: number }
  /** The host woke up, became visible or came online. */
  | { readonly type: 'wake' }
  /** An ack is late, or the host reports that it is offline: check the link. */
  | { readonly type: 'doubt' }
  /** The socket does not work: HTTP answered instead of it, or its frames belong to an old epoch. */
  | { readonly type: 'zombie' }
  /** REST refused the session: a person has to act. */
  | { readonly type: 'refused'; readonly reason: ConnectionReason }
  /** REST did not confirm that the session is over. */
  | { readonly type: 'probed' };

export type Effect = 'open' | 'close' | 'greet' | 'ping' | 'probe';

export interface Model {
  readonly state: State;
  /** When `timeout` is due, milliseconds since 1970. */
  readonly deadline: number | null;
  /** Attempts in a row that did not lead to a healthy link. */
  readonly failures: number;
  /** When the last attempt began: `wake` opens at most once a second. */
  readonly openedAt: number;
  readonly liveSince: number;
  readonly heartbeat_ms: number;
  /** Why it is halted. */
  readonly reason: ConnectionReason | null;
}

export interface Step {
  readonly model: Model;
  readonly effects: readonly Effect[];
}

/** Opening covers DNS, TCP, TLS and the upgrade on a slow phone. */
export const OPEN_MS = 8_000;
export const GREET_MS = 6_000;
/** Between two frames of a catch-up, and for the proving pong. */
export const PROVE_MS = 6_000;
/** After a wake or a late ack any frame must come within this. */
export const CHECK_MS = 3_000;
export const PROBE_MS = 10_000;
/** Silence beyond the heartbeat after which the link is dead (protocol). */
export const SILENCE_MS = 10_000;
/** A link that was live for this long was healthy: the next backoff starts from zero failures. */
export const HEALTHY_MS = 20_000;
export const SLOT_MS = 5_000;
const EAGER_MS = 1_000;

export const INITIAL: Model = {
  state: 'stopped',
  deadline: null,
  failures: 0,
  openedAt: Number.NEGATIVE_INFINITY,
  liveSince: 0,
  heartbeat_ms: 30_000,
  reason: null,
};

/** In which states commands go over the socket. */
export const isLive = (state: State): boolean => state === 'live' || state === 'checking';

/** In which states nothing runs: only a person's action leaves them. */
const isIdle = (state: State): boolean => state === 'stopped' || state === 'halted';

/** In which states receiving goes over HTTP. Never while the socket is proven. */
export const isPolling = (state: State): boolean => !isLive(state) && !isIdle(state);

/** In which states it is unknown who is signed in: another person may sign in before the next hello. */
export const isUnsure = (state: State): boolean => isIdle(state) || state === 'asking';

type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;
type Rule<T extends Event['type']> = (m: Model, e: EventOf<T>, now: number, random: number) => Step;
type Row = { readonly [T in Event['type']]: Rule<T> };

const step = (m: Model, change: Partial<Model>, ...effects: Effect[]): Step => ({
  model: { ...m, ...change },
  effects,
});

// ── rules ───────────────────────────────────────────────────────────────────────────────────

const stay = (m: Model): Step => ({ model: m, effects: [] });

const open = (m: Model, _: unknown, now: number): Step =>
  step(m, { state: 'opening', deadline: now + OPEN_MS, openedAt: now, reason: null }, 'open');

const reopen = (m: Model, e: unknown, now: number): Step => step(open(m, e, now).model, {}, 'close', 'open');

const stop = (m: Model): Step => step(m, { state: 'stopped', deadline: null, failures: 0, reason: null }, 'close');

const halt = (m: Model, e: { reason: ConnectionReason }): Step =>
  step(m, { state: 'halted', deadline: null, failures: 0, reason: e.reason }, 'close');

const wait = (m: Model, failures: number, now: number, random: number, ...effects: Effect[]): Step =>
  step(m, { state: 'waiting', failures, deadline: now + backoff_ms(failures - 1, random) }, ...effects);

/** Attempts that failed count; a healthy link resets the count. */
const failuresBefore = (m: Model, now: number): number =>
  isLive(m.state) && now - m.liveSince >= HEALTHY_MS ? 0 : m.failures;

const lose = (m: Model, e: { code: number }, now: number, random: number): Step => {
  const rule = closeRule(e.code);
  switch (rule.next) {
    case 'retry':
      return wait(m, failuresBefore(m, now) + rule.failures, now, random);
    case 'slot':
      return step(m, { state: 'waiting', deadline: now + Math.floor(random * SLOT_MS) });
    case 'ask':
      return step(m, { state: 'asking', deadline: now + PROBE_MS }, 'probe');
    case 'halt':
      return halt(m, rule);
  }
};

const drop = (m: Model, _: unknown, now: number, random: number): Step =>
  wait(m, failuresBefore(m, now) + 1, now, random, 'close');

const giveUp = (m: Model, _: unknown, now: number, random: number): Step => wait(m, m.failures + 1, now, random);

const greet = (m: Model, _: unknown, now: number): Step =>
  step(m, { state: 'greeting', deadline: now + GREET_MS }, 'greet');

const welcome = (m: Model, e: { heartbeat_s: number }, now: number): Step =>
  step(m, { state: 'catching_up', deadline: now + PROVE_MS, heartbeat_ms: e.heartbeat_s * 1_000 });

const progress = (m: Model, _: unknown, now: number): Step => step(m, { deadline: now + PROVE_MS });

const prove = (m: Model, _: unknown, now: number): Step =>
  step(m, { state: 'proving', deadline: now + PROVE_MS }, 'ping');

const alive = (m: Model, now: number, change?: Partial<Model>): Step =>
  step(m, { state: 'live', deadline: now + m.heartbeat_ms + SILENCE_MS, ...change });

const goLive = (m: Model, _: unknown, now: number): Step => alive(m, now, { liveSince: now });

const receive = (m: Model, _: unknown, now: number): Step => alive(m, now);

const check = (m: Model, _: unknown, now: number): Step =>
  step(m, { state: 'checking', deadline: now + CHECK_MS }, 'ping');

/** The socket delivers acks until the server closes it; receiving moves to HTTP at once. */
const leave = (m: Model, e: { retry_after_ms: number }, now: number): Step =>
  step(m, { state: 'leaving', deadline: now + e.retry_after_ms });

const leaveEarly = (m: Model, e: { retry_after_ms: number }, now: number): Step =>
  step(m, { state: 'waiting', deadline: now + e.retry_after_ms }, 'close');

const gone = (m: Model, e: { code: number }, now: number, random: number): Step => {
  const next = closeRule(e.code).next;
  return next === 'retry' || next === 'slot' ? step(m, { state: 'waiting' }) : lose(m, e, now, random);
};

/** Leaves a restarting node early; the time to come back stays. */
const part = (m: Model): Step => step(m, { state: 'waiting' }, 'close');

const openSoon = (m: Model, e: unknown, now: number): Step => {
  const earliest = m.openedAt + EAGER_MS;
  return now >= earliest ? open(m, e, now) : step(m, { deadline: Math.min(m.deadline ?? earliest, earliest) });
};

// ── the table ───────────────────────────────────────────────────────────────────────────────

const IGNORE: Row = {
  connect: stay,
  disconnect: stop,
  retry_now: stay,
  opened: stay,
  hello: stay,
  caught_up: stay,
  pong: stay,
  frame: stay,
  closed: stay,
  timeout: stay,
  going_away: stay,
  wake: stay,
  doubt: stay,
  zombie: stay,
  refused: halt,
  probed: stay,
};
/** An attempt that is not proven: it ends by a close, by silence, or when the node restarts. */
const ATTEMPT: Row = { ...IGNORE, closed: lose, timeout: drop, going_away: leaveEarly, zombie: drop };
/** A proven link: every frame keeps it alive. */
const PROVEN: Row = {
  ...ATTEMPT,
  retry_now: check,
  hello: receive,
  caught_up: receive,
  pong: receive,
  frame: receive,
  going_away: leave,
  wake: check,
  doubt: check,
};

export const TABLE: { readonly [S in State]: Row } = {
  stopped: { ...IGNORE, connect: open, disconnect: stay, refused: stay },
  opening: { ...ATTEMPT, opened: greet },
  greeting: { ...ATTEMPT, hello: welcome },
  catching_up: { ...ATTEMPT, frame: progress, caught_up: prove },
  proving: { ...ATTEMPT, pong: goLive },
  live: PROVEN,
  /** A ping is out: another must not move the deadline. */
  checking: { ...PROVEN, retry_now: stay, wake: stay, doubt: stay },
  leaving: { ...IGNORE, closed: gone, timeout: reopen, retry_now: reopen, zombie: part },
  waiting: { ...IGNORE, timeout: open, retry_now: open, wake: openSoon },
  asking: { ...IGNORE, timeout: giveUp, probed: giveUp, retry_now: open },
  halted: { ...IGNORE, connect: open, retry_now: open, refused: stay },
};

/** `random` is in [0, 1). */
export function next(model: Model, event: Event, now: number, random: number): Step {
  const rule = TABLE[model.state][event.type] as Rule<Event['type']>;
  return rule(model, event, now, random);
}

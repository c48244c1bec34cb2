/**
 * Which tab holds the connection, as one pure machine: states × events, every cell decided.
 *
 * Theory. A lock that the browser keeps for all tabs of one person and one build is the whole election:
 * who holds it leads, and when a tab is closed or crashes the browser gives it to the next. What no
 * lock can tell is a leader that hangs. So a follower that somebody looks at asks now and then, and
 * where two questions in a row stay without an answer it takes the lock away. The robbed tab hears of
 * it when it wakes, and follows. For that moment there are two leaders; that is harmless, because what
 * they pass on is let in by number (cursors.ts).
 *
 *               wanted               granted
 *   resting ───────────▶ following ───────────▶ leading
 *      ▲ ▲               │  ▲   │ two questions     │ ▲
 *      │ └───────────────┘  │   │ unanswered        │ │ granted
 *      │     unwanted       │   └──▶ stealing ──────┼─┘
 *      │                    └───────────────────────┤ robbed
 *      └────────────────────────────────────────────┘ unwanted
 *   apart: no locks here, or another person spoke. This tab has a connection of its own, for good.
 *
 * It knows no lock, channel or timer; time is an argument, what must be done is returned.
 */
export type State = 'resting' | 'following' | 'stealing' | 'leading' | 'apart';

export type Event =
  /** The client wants a connection; it wants none any more (stopped, or waiting for a person). */
  | { readonly type: 'wanted' | 'unwanted' }
  /** The lock: it is ours; somebody took it from us; it cannot be had at all. */
  | { readonly type: 'granted' | 'robbed' | 'failed' }
  /** The leader said something. */
  | { readonly type: 'heard' }
  /** Another person than the one whose tabs these are. */
  | { readonly type: 'stranger' }
  | { readonly type: 'tick'; readonly visible: boolean };

export type Effect =
  /** Stand in the queue for the lock; leave it; take it from its holder; give it back. */
  | 'request'
  | 'cancel'
  | 'steal'
  | 'release'
  /** Ask whether the leader is there. */
  | 'ask'
  | 'lead'
  | 'stop_leading';

export interface Model {
  readonly state: State;
  /** Questions without an answer so far. */
  readonly asked: number;
  readonly tickedAt: number;
}

export interface Step {
  readonly model: Model;
  readonly effects: readonly Effect[];
}

/** Between two questions. */
export const TICK_MS = 2_500;
/** So many unanswered ones make a leader a hung one: five seconds of silence while somebody looks. */
export const UNANSWERED = 2;

export const INITIAL: Model = { state: 'resting', asked: 0, tickedAt: 0 };

type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;
type Rule<T extends Event['type']> = (m: Model, e: EventOf<T>, now: number) => Step;
type Row = { readonly [T in Event['type']]: Rule<T> };

const step = (m: Model, change: Partial<Model>, ...effects: Effect[]): Step => ({
  model: { ...m, ...change },
  effects,
});

const stay = (m: Model): Step => ({ model: m, effects: [] });
const follow = (m: Model, _: unknown, now: number): Step =>
  step(m, { state: 'following', asked: 1, tickedAt: now }, 'request', 'ask');
const rest = (m: Model): Step => step(m, { state: 'resting' }, 'cancel');
const lead = (m: Model): Step => step(m, { state: 'leading' }, 'lead');
const yield_ = (m: Model): Step => step(m, { state: 'resting' }, 'stop_leading', 'release');
const stepDown = (m: Model, _: unknown, now: number): Step =>
  step(m, { state: 'following', asked: 1, tickedAt: now }, 'stop_leading', 'request', 'ask');
const part = (m: Model): Step => step(m, { state: 'apart' }, 'cancel');
const partLeading = (m: Model): Step => step(m, { state: 'apart' }, 'stop_leading', 'release');
const answered = (m: Model): Step => step(m, { asked: 0 });

const watch = (m: Model, e: { readonly visible: boolean }, now: number): Step => {
  if (!e.visible) return step(m, { asked: 0, tickedAt: now });
  // Slept itself: the leader had no chance to answer.
  const slept = now - m.tickedAt > 2 * TICK_MS;
  if (!slept && m.asked >= UNANSWERED) return step(m, { state: 'stealing', tickedAt: now }, 'cancel', 'steal');
  return step(m, { asked: slept ? 1 : m.asked + 1, tickedAt: now }, 'ask');
};

const IGNORE: Row = {
  wanted: stay,
  unwanted: stay,
  granted: stay,
  robbed: stay,
  failed: stay,
  heard: stay,
  stranger: part,
  tick: stay,
};

export const TABLE: { readonly [S in State]: Row } = {
  resting: { ...IGNORE, wanted: follow },
  following: { ...IGNORE, unwanted: rest, granted: lead, failed: part, heard: answered, tick: watch },
  /** Cannot be called back; what the old leader says now comes too late. */
  stealing: { ...IGNORE, unwanted: rest, granted: lead, failed: follow },
  leading: { ...IGNORE, unwanted: yield_, robbed: stepDown, stranger: partLeading },
  apart: { ...IGNORE, stranger: stay },
};

export function next(model: Model, event: Event, now: number): Step {
  const rule = TABLE[model.state][event.type] as Rule<Event['type']>;
  return rule(model, event, now);
}

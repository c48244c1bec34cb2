/**
 * Which tab holds the connection, as one pure machine: states × events, every cell decided.
 *
 * Theory. A lock that the browser keeps for all tabs of one person and one build is the whole election:
 * who holds it leads, and when a tab is closed or crashes the browser gives it to the next. A lock does
 * not reveal a leader that hangs. So a visible follower asks the leader for a beat at every tick, and
 * steals the lock after two unanswered questions in a row. The former leader learns of it when it wakes,
 * and follows. Until then there are two leaders; that is harmless, because clients apply events by
 * number (cursors.ts).
 *
 *               wanted               granted
 *   resting ───────────▶ following ───────────▶ leading
 *      ▲ ▲               │  ▲   │ two questions     │ ▲
 *      │ └───────────────┘  │   │ unanswered        │ │ granted
 *      │     unwanted       │   └──▶ stealing ──────┼─┘
 *      │                    └───────────────────────┤ stolen
 *      └────────────────────────────────────────────┘ unwanted
 *   alone: no locks here, or another person is signed in. This tab keeps a connection of its own.
 *
 * It knows no lock, channel or timer; time is an argument, what must be done is returned.
 */
export type State = 'resting' | 'following' | 'stealing' | 'leading' | 'alone';

export type Event =
  /** The client wants a connection; it wants none any more (stopped, or waiting for a person). */
  | { readonly type: 'wanted' | 'unwanted' }
  /** The lock was granted to this tab, stolen from it, or is not available at all. */
  | { readonly type: 'granted' | 'stolen' | 'failed' }
  /** The leader sent a beat. */
  | { readonly type: 'beat' }
  /** The server greeted another person than the one these tabs belong to. */
  | { readonly type: 'other_user' }
  | { readonly type: 'tick'; readonly visible: boolean };

export type Effect =
  /** Queue for the lock; leave the queue; steal it from its holder; give it back. */
  | 'request'
  | 'cancel'
  | 'steal'
  | 'release'
  /** Ask the leader for a beat. */
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
/** A leader that leaves this many questions unanswered hangs: five seconds of silence in a visible tab. */
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
const separate = (m: Model): Step => step(m, { state: 'alone' }, 'cancel');
const separateLeader = (m: Model): Step => step(m, { state: 'alone' }, 'stop_leading', 'release');
const answered = (m: Model): Step => step(m, { asked: 0 });

const watch = (m: Model, e: { readonly visible: boolean }, now: number): Step => {
  if (!e.visible) return step(m, { asked: 0, tickedAt: now });
  // This tab slept: the leader had no chance to answer.
  const slept = now - m.tickedAt > 2 * TICK_MS;
  if (!slept && m.asked >= UNANSWERED) return step(m, { state: 'stealing', tickedAt: now }, 'cancel', 'steal');
  return step(m, { asked: slept ? 1 : m.asked + 1, tickedAt: now }, 'ask');
};

const IGNORE: Row = {
  wanted: stay,
  unwanted: stay,
  granted: stay,
  stolen: stay,
  failed: stay,
  beat: stay,
  other_user: separate,
  tick: stay,
};

export const TABLE: { readonly [S in State]: Row } = {
  resting: { ...IGNORE, wanted: follow },
  following: { ...IGNORE, unwanted: rest, granted: lead, failed: separate, beat: answered, tick: watch },
  /** A theft cannot be called off; beats of the old leader are ignored. */
  stealing: { ...IGNORE, unwanted: rest, granted: lead, failed: follow },
  leading: { ...IGNORE, unwanted: yield_, stolen: stepDown, other_user: separateLeader },
  alone: { ...IGNORE, other_user: stay },
};

export function next(model: Model, event: Event, now: number): Step {
  const rule = TABLE[model.state][event.type] as Rule<Event['type']>;
  return rule(model, event, now);
}

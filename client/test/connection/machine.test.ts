import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIRST_CEILING_MS, LAST_CEILING_MS, backoff_ms, ceiling_ms } from '../../src/connection/backoff.ts';
import { closeRule } from '../../src/connection/closes.ts';
import {
  CHECK_MS,
  type Effect,
  type Event,
  HEALTHY_MS,
  INITIAL,
  isPolling,
  type Model,
  next,
  PROBE_MS,
  SLOT_MS,
  type State,
  TABLE,
} from '../../src/connection/machine.ts';
import { CLOSE } from '../../src/protocol.ts';

const STATES = Object.keys(TABLE) as State[];
const EVENTS = Object.keys(TABLE.stopped) as Event['type'][];

const hello: Event = { type: 'hello', heartbeat_s: 30 };
const closed = (code: number): Event => ({ type: 'closed', code });

/** A machine with a clock of its own. */
class Run {
  model: Model = INITIAL;
  now = 1_000_000;
  effects: Effect[] = [];

  on(...events: (Event | Event['type'])[]): this {
    for (const event of events) {
      const whole = (typeof event === 'string' ? { type: event } : event) as Event;
      const { model, effects } = next(this.model, whole, this.now, 0.5);
      this.model = model;
      this.effects = [...effects];
    }
    return this;
  }

  after(delay_ms: number): this {
    this.now += delay_ms;
    return this;
  }

  live(): this {
    return this.on('connect', 'opened', hello, 'caught_up', 'pong');
  }
}

describe('the table', () => {
  it('decides every event in every state', () => {
    for (const state of STATES) {
      expect(Object.keys(TABLE[state]).toSorted()).toEqual(EVENTS.toSorted());
      for (const rule of Object.values(TABLE[state])) expect(rule).toBeTypeOf('function');
    }
  });

  it('has a rule for every close code of the protocol', () => {
    for (const code of Object.values(CLOSE)) expect(closeRule(code)).toBeDefined();
    expect(closeRule(1001)).toEqual({ next: 'slot' });
    expect(closeRule(3999)).toEqual({ next: 'retry', failures: 1 });
  });
});

describe('becoming live', () => {
  it('needs hello, catch-up and a pong, in this order', () => {
    const run = new Run();
    expect(run.on('connect').model.state).toBe('opening');
    expect(run.effects).toEqual(['open']);
    expect(run.on('opened').effects).toEqual(['greet']);
    expect(run.on('pong', 'caught_up', 'frame').model.state).toBe('greeting');
    expect(run.on(hello).model.state).toBe('catching_up');
    expect(run.on('pong').model.state).toBe('catching_up');
    expect(run.on('caught_up').effects).toEqual(['ping']);
    expect(run.on('frame', 'caught_up').model.state).toBe('proving');
    expect(run.on('pong').model.state).toBe('live');
  });

  it('extends a long catch-up as long as frames arrive', () => {
    const run = new Run().on('connect', 'opened', hello);
    for (let second = 0; second < 60; second++) run.after(1_000).on('frame');
    expect(run.model.deadline).toBeGreaterThan(run.now);
  });

  it.each(['opening', 'greeting', 'catching_up', 'proving'] as const)(
    'counts what ends while %s as a failure',
    (state) => {
      const model: Model = { ...INITIAL, state, failures: 2 };
      expect(next(model, closed(1006), 0, 0.5).model).toMatchObject({ state: 'waiting', failures: 3 });
      expect(next(model, { type: 'timeout' }, 0, 0.5)).toMatchObject({ model: { failures: 3 }, effects: ['close'] });
    },
  );
});

describe('staying live', () => {
  it('stays live while frames arrive, and ends after silence', () => {
    const run = new Run().live();
    run.after(39_000).on('frame').after(39_000).on('frame');
    expect(run.model.state).toBe('live');
    expect(run.model.deadline).toBe(run.now + 40_000);
    expect(run.on('timeout').model.state).toBe('waiting');
    expect(run.effects).toEqual(['close']);
  });

  it('pings after a wake and needs any frame soon', () => {
    const run = new Run().live().on('wake');
    expect(run.effects).toEqual(['ping']);
    expect(run.model.deadline).toBe(run.now + CHECK_MS);
    expect(run.after(1_000).on('wake', 'doubt').model.deadline).toBe(run.now - 1_000 + CHECK_MS);
    expect(run.on('frame').model.state).toBe('live');
  });

  it('resets the failures only after the link was healthy for a while', () => {
    const flaky = new Run()
      .on('connect', closed(1006), 'timeout', closed(1006))
      .on('timeout', 'opened', hello, 'caught_up', 'pong');
    expect(flaky.on(closed(1006)).model.failures).toBe(3);
    const healthy = flaky.on('timeout', 'opened', hello, 'caught_up', 'pong').after(HEALTHY_MS);
    expect(healthy.on(closed(1006)).model.failures).toBe(1);
  });
});

describe('leaving', () => {
  it('switches to HTTP at once when the node restarts, keeps the socket for acks, and reconnects at the given time', () => {
    const run = new Run().live().on({ type: 'going_away', retry_after_ms: 1_500 });
    expect(run.model).toMatchObject({ state: 'leaving', deadline: run.now + 1_500, failures: 0 });
    expect(run.effects).toEqual([]);
    expect(isPolling('leaving')).toBe(true);
    const slot = run.model.deadline;
    expect(run.on(closed(1012)).model).toMatchObject({ state: 'waiting', deadline: slot });
    expect(run.on('timeout').effects).toEqual(['open']);
  });

  it('closes the old socket when it reconnects before the server has closed it', () => {
    const run = new Run().live().on({ type: 'going_away', retry_after_ms: 100 }, 'timeout');
    expect(run.effects).toEqual(['close', 'open']);
  });

  it('reconnects within five seconds after an unannounced restart', () => {
    const run = new Run().live().on(closed(1012));
    expect(run.model).toMatchObject({ state: 'waiting', failures: 0, deadline: run.now + SLOT_MS / 2 });
  });

  it('confirms by REST that the session is over', () => {
    const run = new Run().live().on(closed(4401));
    expect(run.effects).toEqual(['probe']);
    expect(run.model).toMatchObject({ state: 'asking', deadline: run.now + PROBE_MS });
    const alive = new Run().live().on(closed(4401), 'probed');
    expect(alive.model.state).toBe('waiting');
    expect(run.on({ type: 'refused', reason: 'signed_out' }).model).toMatchObject({
      state: 'halted',
      reason: 'signed_out',
    });
  });

  it.each([
    [4403, 'forbidden'],
    [4409, 'superseded'],
    [4426, 'update_required'],
  ] as const)('waits for a person after %i', (code, reason) => {
    const run = new Run().live().on(closed(code));
    expect(run.model).toMatchObject({ state: 'halted', reason, deadline: null });
    expect(run.on('wake', 'timeout', 'frame').model.state).toBe('halted');
    expect(run.on('connect').model).toMatchObject({ state: 'opening', reason: null });
  });

  it('backs off further after too many requests', () => {
    expect(new Run().live().on(closed(4429)).model.failures).toBe(3);
  });

  it('closes a zombie before it is proven, and while its node restarts', () => {
    const opening = new Run().on('connect').on('zombie');
    expect(opening.model).toMatchObject({ state: 'waiting', failures: 1 });
    const leaving = new Run().live().on({ type: 'going_away', retry_after_ms: 2_000 });
    const { deadline } = leaving.model;
    expect(leaving.on('zombie').model).toMatchObject({ state: 'waiting', deadline, failures: 0 });
  });

  it('drops a zombie', () => {
    const run = new Run().live().on('zombie');
    expect(run.effects).toEqual(['close']);
    expect(run.model.state).toBe('waiting');
  });
});

describe('an eager host', () => {
  it('opens at once on wake, but at most once a second', () => {
    const run = new Run().on('connect').after(100).on(closed(1006), 'wake');
    expect(run.model.state).toBe('waiting');
    expect(run.model.deadline).toBeLessThanOrEqual(run.now + 900);
    expect(run.after(900).on('wake').model.state).toBe('opening');
  });
});

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc
    .constantFrom(...EVENTS.filter((type) => !['hello', 'closed', 'going_away', 'refused'].includes(type)))
    .map((type) => ({ type }) as Event),
  fc.record({ type: fc.constant('hello' as const), heartbeat_s: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ type: fc.constant('closed' as const), code: fc.constantFrom(1000, 1001, 1006, ...Object.values(CLOSE)) }),
  fc.record({ type: fc.constant('going_away' as const), retry_after_ms: fc.integer({ min: 0, max: 10_000 }) }),
  fc.record({
    type: fc.constant('refused' as const),
    reason: fc.constantFrom('signed_out' as const, 'forbidden' as const),
  }),
);
const anyRun = fc.array(
  fc.tuple(anyEvent, fc.integer({ min: 0, max: 50_000 }), fc.double({ min: 0, max: 0.999, noNaN: true })),
  {
    maxLength: 60,
  },
);

/** Runs any history and looks at every step. */
function always(
  look: (before: Model, event: Event, after: Model, effects: readonly Effect[], now: number) => void,
): void {
  fc.assert(
    fc.property(anyRun, (history) => {
      let model = INITIAL;
      let now = 1_000_000;
      for (const [event, delay_ms, random] of history) {
        now += delay_ms;
        const step = next(model, event, now, random);
        look(model, event, step.model, step.effects, now);
        model = step.model;
      }
    }),
    { numRuns: 2_000 },
  );
}

describe('in every history', () => {
  it('a deadline is set unless it is stopped or waits for a person', () => {
    always((_, __, { state, deadline }) => {
      expect(deadline !== null, state).toBe(state !== 'stopped' && state !== 'halted');
    });
  });

  it('either it polls or the socket is proven, unless it is idle', () => {
    always((_, __, { state }) => {
      const live = state === 'live' || state === 'checking';
      const idle = state === 'stopped' || state === 'halted';
      expect(Number(isPolling(state)) + Number(live) + Number(idle)).toBe(1);
    });
  });

  it('it is live only after opened, hello, caught_up and pong of one and the same socket', () => {
    let proof: string[] = [];
    always((before, event, after, effects) => {
      if (before === INITIAL || effects.includes('open') || effects.includes('close')) proof = [];
      if (before.state !== after.state || event.type === 'pong') proof.push(event.type);
      if (before.state !== 'live' && before.state !== 'checking' && after.state === 'live') {
        expect(proof.filter((type) => ['opened', 'hello', 'caught_up'].includes(type))).toEqual([
          'opened',
          'hello',
          'caught_up',
        ]);
        expect(event.type).toBe('pong');
      }
    });
  });

  it('no deadline is later than the longest wait', () => {
    always((_, __, { deadline }, ___, now) => {
      if (deadline !== null) expect(deadline - now).toBeLessThanOrEqual(80_000);
    });
  });

  it('a socket is never opened over another without closing it', () => {
    let open = false;
    always((before, event, _, effects) => {
      if (before === INITIAL || event.type === 'closed') open = false;
      for (const effect of effects) {
        if (effect === 'close') open = false;
        if (effect === 'open') {
          expect(open).toBe(false);
          open = true;
        }
      }
    });
  });
});

describe('backoff', () => {
  it('is uniform under a ceiling that doubles from 0.5 s to 30 s', () => {
    expect([0, 1, 2, 5, 6, 50].map(ceiling_ms)).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000]);
    fc.assert(
      fc.property(fc.nat(100), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (failures, random) => {
        const delay_ms = backoff_ms(failures, random);
        expect(delay_ms).toBeGreaterThanOrEqual(0);
        expect(delay_ms).toBeLessThan(LAST_CEILING_MS);
        expect(delay_ms).toBeLessThanOrEqual(FIRST_CEILING_MS * 2 ** failures);
      }),
    );
  });
});

/**
 * The election alone, against a lock manager that behaves as browsers' do, and tabs that hang.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Effect,
  type Event,
  INITIAL,
  type Model,
  next,
  type State,
  TABLE,
  TICK_MS,
} from '../../src/tabs/election.ts';

const STATES = Object.keys(TABLE) as State[];
const EVENTS = Object.keys(TABLE.resting) as Event['type'][];

class Tab {
  readonly id: number;
  readonly world: World;
  model: Model = INITIAL;
  hung = false;
  visible = true;
  connected = false;
  inbox: Event[] = [];

  constructor(world: World, id: number) {
    this.world = world;
    this.id = id;
  }

  dispatch(event: Event): void {
    if (this.hung) this.inbox.push(event);
    else this.#step(event);
  }

  wake(): void {
    this.hung = false;
    for (const event of this.inbox.splice(0)) this.dispatch(event);
  }

  #step(event: Event): void {
    const { model, effects } = next(this.model, event, this.world.now);
    this.model = model;
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: Effect): void {
    const { world } = this;
    if (effect === 'request') world.queue.push(this);
    if (effect === 'cancel') world.queue = world.queue.filter((tab) => tab !== this);
    if (effect === 'steal') {
      const robbed = world.holder;
      world.holder = this;
      robbed?.dispatch({ type: 'stolen' });
      this.dispatch({ type: 'granted' });
    }
    if (effect === 'release' && world.holder === this) world.holder = null;
    if (effect === 'lead') this.connected = true;
    if (effect === 'stop_leading') this.connected = false;
    if (effect === 'ask' && world.holder && world.holder !== this && !world.holder.hung && !world.deaf) {
      this.dispatch({ type: 'beat' });
    }
  }
}

class World {
  now = 0;
  deaf = false;
  holder: Tab | null = null;
  queue: Tab[] = [];
  readonly tabs = [0, 1, 2].map((id) => new Tab(this, id));

  settleLocks(): void {
    while (!this.holder && this.queue.length > 0) {
      const tab = this.queue.shift() as Tab;
      this.holder = tab;
      tab.dispatch({ type: 'granted' });
    }
  }

  pass(ticks: number): void {
    for (let tick = 0; tick < ticks; tick++) {
      this.now += TICK_MS;
      for (const tab of this.tabs) if (!tab.hung) tab.dispatch({ type: 'tick', visible: tab.visible });
      this.settleLocks();
    }
  }

  /** Those that run, and hold a connection that is not taken from them. */
  get leaders(): Tab[] {
    return this.tabs.filter((tab) => tab.connected && !tab.hung);
  }
}

const act = fc.record({
  do: fc.constantFrom('wanted', 'unwanted', 'hang', 'wake', 'show', 'hide', 'pass', 'deaf', 'listen'),
  tab: fc.nat(2),
  ticks: fc.integer({ min: 1, max: 5 }),
});

describe('the table', () => {
  it.each(STATES)('%s decides every event', (state) => {
    for (const type of EVENTS) {
      const event = { type, visible: true } as Event;
      const { model, effects } = next({ ...INITIAL, state }, event, 0);
      expect(STATES).toContain(model.state);
      expect(Array.isArray(effects)).toBe(true);
    }
  });

  it('a leader hangs after two unanswered questions, not after one', () => {
    const at = (asked: number): Model => ({ state: 'following', asked, tickedAt: 0 });
    expect(next(at(1), { type: 'tick', visible: true }, TICK_MS).effects).toEqual(['ask']);
    expect(next(at(2), { type: 'tick', visible: true }, TICK_MS).effects).toEqual(['cancel', 'steal']);
    expect(next(at(2), { type: 'tick', visible: false }, TICK_MS).effects).toEqual([]);
  });

  it('a tab that slept asks first', () => {
    const model: Model = { state: 'following', asked: 2, tickedAt: 0 };
    expect(next(model, { type: 'tick', visible: true }, 60_000)).toMatchObject({
      model: { state: 'following', asked: 1 },
      effects: ['ask'],
    });
  });

  it('alone is final', () => {
    for (const type of EVENTS) {
      expect(next({ ...INITIAL, state: 'alone' }, { type, visible: true }, 0)).toMatchObject({
        model: { state: 'alone' },
        effects: [],
      });
    }
  });
});

describe('in random histories of tabs', () => {
  it('at most one running tab leads, and in the end one leads and all others follow it', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        const world = new World();
        for (const { do: what, tab: id, ticks } of acts) {
          const tab = world.tabs[id] as Tab;
          if (what === 'wanted' || what === 'unwanted') tab.dispatch({ type: what });
          if (what === 'hang') tab.hung = true;
          if (what === 'wake') tab.wake();
          if (what === 'show' || what === 'hide') tab.visible = what === 'show';
          if (what === 'deaf' || what === 'listen') world.deaf = what === 'deaf';
          if (what === 'pass') world.pass(ticks);
          world.settleLocks();
          expect(world.leaders.length).toBeLessThanOrEqual(1);
          if (world.leaders[0]) expect(world.holder).toBe(world.leaders[0]);
        }
        world.deaf = false;
        for (const tab of world.tabs) {
          tab.wake();
          tab.visible = true;
          tab.dispatch({ type: 'wanted' });
        }
        world.pass(10);
        expect(world.leaders).toHaveLength(1);
        expect(world.tabs.map((tab) => tab.model.state).sort()).toEqual(['following', 'following', 'leading']);
      }),
      { numRuns: 2_000 },
    );
  });

  it('a hung leader is replaced while another tab is visible', () => {
    const world = new World();
    for (const tab of world.tabs) tab.dispatch({ type: 'wanted' });
    world.settleLocks();
    const [first, second, third] = world.tabs as [Tab, Tab, Tab];
    third.visible = false;
    first.hung = true;
    world.pass(4);
    expect(world.leaders).toEqual([second]);
    expect(third.model.state).toBe('following');
  });
});

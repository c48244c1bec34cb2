/**
 * What the other tabs said of the person in front of them: whether somebody is there, and at what.
 * Kept by whoever leads; believed for a while only, since a tab that crashed says no good-bye.
 */
import type { Clock, Present } from '../types.ts';
import { TICK_MS } from './election.ts';
import type { TabId } from './words.ts';

/** A little longer than an app waits before it calls a hidden tab one whose person is away. */
const HERE_MS = 6 * 60_000;
/** Tabs that somebody looks at say so at every tick. */
const LOOK_MS = 3 * TICK_MS;

interface Vote {
  readonly present: Present;
  readonly room: number | null;
  readonly at: number;
}

export class Votes {
  readonly #clock: Clock;
  readonly #tabs = new Map<TabId, Vote>();
  /** Of the tab that keeps this. */
  own: Present = 'online';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Online where one tab is. */
  get together(): Present {
    const since = this.#clock.now() - HERE_MS;
    const others = [...this.#tabs.values()].some((vote) => vote.present === 'online' && vote.at > since);
    return others ? 'online' : this.own;
  }

  isLookedAt(room: number): boolean {
    const since = this.#clock.now() - LOOK_MS;
    return [...this.#tabs.values()].some((vote) => vote.room === room && vote.at > since);
  }

  hear(tab: TabId, room: number | null, present: Present): void {
    this.#tabs.set(tab, { present, room, at: this.#clock.now() });
  }

  forget(tab: TabId): void {
    this.#tabs.delete(tab);
  }
}

/**
 * What the other tabs report about the person in front of them: online or away, and which room is in view.
 * Each report is valid for a limited time, since a tab that crashed sends no `bye`.
 */
import type { Clock, Present } from '../types.ts';
import { TICK_MS } from './election.ts';
import type { TabId } from './messages.ts';

/** A little longer than an app waits before it reports the person of a hidden tab as away. */
const PRESENT_MS = 6 * 60_000;
/** Visible tabs report at every tick. */
const VIEW_MS = 3 * TICK_MS;

interface Report {
  readonly present: Present;
  /** The room in view; null: none. */
  readonly room: number | null;
  readonly at: number;
}

export class TabPresence {
  readonly #clock: Clock;
  readonly #reports = new Map<TabId, Report>();
  /** Of this tab. */
  own: Present = 'online';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Online if the person is in at least one tab. */
  get combined(): Present {
    const since = this.#clock.now() - PRESENT_MS;
    const isOnline = [...this.#reports.values()].some((report) => report.present === 'online' && report.at > since);
    return isOnline ? 'online' : this.own;
  }

  isLookedAt(room: number): boolean {
    const since = this.#clock.now() - VIEW_MS;
    return [...this.#reports.values()].some((report) => report.room === room && report.at > since);
  }

  record(tab: TabId, room: number | null, present: Present): void {
    this.#reports.set(tab, { present, room, at: this.#clock.now() });
  }

  forget(tab: TabId): void {
    this.#reports.delete(tab);
  }
}

/**
 * A clock that a test moves, and a way to run everything that is ready.
 */
import type { Clock } from '../types.ts';

interface Timer {
  readonly at: number;
  readonly number: number;
  readonly run: () => void;
}

export class FakeClock implements Clock {
  readonly #timers = new Map<number, Timer>();
  #now: number;
  #last = 0;

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  setTimeout(run: () => void, delay_ms: number): unknown {
    const number = ++this.#last;
    this.#timers.set(number, { at: this.#now + Math.max(0, delay_ms), number, run });
    return number;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as number);
  }

  /** Moves the time by so many milliseconds: runs every timer in order, and what each one causes. */
  async advance(delay_ms: number): Promise<void> {
    const end = this.#now + delay_ms;
    await flushTasks();
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#timers.delete(timer.number);
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
      await flushTasks();
    }
    this.#now = end;
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (timer.at <= end && (!next || timer.at < next.at)) next = timer;
    }
    return next;
  }
}

/** Resolves when no promise callback is left to run: a new task starts only after all of them. */
export function flushTasks(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

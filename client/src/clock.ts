/**
 * Built on the client's clock: a limit on a promise, and a timer that can be moved.
 */
import type { Clock } from './types.ts';

/** The outcome of `work`, unless it takes longer than `limit_ms`: then `onLate` is called, which may give another one. */
export const within = <T>(
  clock: Clock,
  limit_ms: number,
  work: Promise<T>,
  onLate: (resolve: (outcome: T) => void, reject: (error: Error) => void) => void,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => onLate(resolve, reject), limit_ms);
    work.then(resolve, reject).finally(() => clock.clearTimeout(timer));
  });

/** One timer: calls `ring` at the time last given, milliseconds since 1970; null stops it. */
export function createAlarm(clock: Clock, ring: () => void): (at: number | null) => void {
  let timer: unknown = null;
  return (at) => {
    clock.clearTimeout(timer);
    if (at !== null) timer = clock.setTimeout(ring, at - clock.now());
  };
}

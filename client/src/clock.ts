/**
 * Time limits on promises, by the client's own clock.
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

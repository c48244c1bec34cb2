/**
 * How many bytes the next piece of a file has. Pure.
 *
 * Theory. 768 KiB pass through an nginx that nobody has configured. A piece that took less than two seconds is followed by one of
 * twice the size, up to what the server takes; a failure, or 413, halves it. So a good way is used, and a proxy's limit is found.
 */
const FIRST = 768 * 1024;
const LEAST = 32 * 1024;
const QUICK_MS = 2_000;

export interface Pace {
  readonly next: number;
  /** @param limit the server's `upload_chunk`. */
  sent(took_ms: number, limit: number): void;
  failed(): void;
  /** The way refuses pieces of this size: 413. It is not tried again. */
  refused(): void;
}

export function createPace(): Pace {
  let next = FIRST;
  let ceiling = Number.POSITIVE_INFINITY;
  return {
    get next() {
      return next;
    },
    sent(took_ms, limit) {
      if (took_ms < QUICK_MS) next = Math.min(next * 2, limit, ceiling);
    },
    failed() {
      next = Math.max(LEAST, next / 2);
    },
    refused() {
      ceiling = Math.max(LEAST, next / 2);
      next = ceiling;
    },
  };
}

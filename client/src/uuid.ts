/**
 * UUID version 7: time first, so that ids sort as they were made and database pages stay warm.
 *
 * `crypto.randomUUID` is missing on plain-http installs; `getRandomValues` is everywhere.
 * Within one millisecond (or when the clock steps back) a counter keeps the order.
 */
let lastMs = 0;
let counter = 0;

/** @param now_ms milliseconds since 1970. */
export function uuidv7(now_ms: number): string {
  if (now_ms > lastMs) {
    lastMs = now_ms;
    counter = 0;
  } else if (++counter > 0xfff) {
    lastMs++;
    counter = 0;
  }
  const random = globalThis.crypto.getRandomValues(new Uint8Array(8));
  random[0] = ((random[0] as number) & 0x3f) | 0x80;
  const hex =
    lastMs.toString(16).padStart(12, '0') +
    (0x7000 | counter).toString(16) +
    Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

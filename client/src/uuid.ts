/**
 * UUID version 7: time first, so that ids sort by creation and inserts stay in few database pages.
 *
 * `crypto.randomUUID` is missing on pages without https; `getRandomValues` is always there.
 * Within one millisecond (or when the clock steps back) a counter keeps the order.
 */
let last = 0;
/** Counter values per millisecond; further ids take the next millisecond. */
const PER_MS = 1_024;

/** @param now_ms milliseconds since 1970. */
export function uuidv7(now_ms: number): string {
  last = Math.max(last + 1, now_ms * PER_MS);
  const random = globalThis.crypto.getRandomValues(new Uint8Array(8));
  random[0] = ((random[0] as number) & 0x3f) | 0x80;
  const hex =
    Math.floor(last / PER_MS)
      .toString(16)
      .padStart(12, '0') +
    (0x7000 + (last % PER_MS)).toString(16) +
    Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

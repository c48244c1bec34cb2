const encoder = new TextEncoder();

/** The protocol's default, until the server has sent its own limit. */
export const CONTENT_LIMIT_BYTES = 16 * 1024;

/** UTF-8 bytes left before the limit; an estimate for texts far below it, which nearly all are. */
export function bytesLeft(text: string, limit_bytes: number): number {
  // A UTF-16 unit takes at most three bytes in UTF-8: far below the limit, no encoding is needed.
  if (text.length * 3 < limit_bytes * 0.5) return limit_bytes - text.length;
  return limit_bytes - encoder.encode(text).length;
}

/** The text beside the field; null below nine tenths of the limit. */
export function lengthNote(left: number, limit_bytes: number): string | null {
  if (left < 0) return `${(-left).toLocaleString()} too many`;
  return left < limit_bytes / 10 ? `${left.toLocaleString()} left` : null;
}

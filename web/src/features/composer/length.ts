const encoder = new TextEncoder();

/** The protocol's default, until the server has told its own. */
export const CONTENT_LIMIT_BYTES = 16 * 1024;

/** Bytes left of the limit, which counts UTF-8. Cheap for short texts, which nearly all are. */
export function bytesLeft(text: string, limit_bytes: number): number {
  // No character takes more than three bytes per UTF-16 unit: far below the limit nothing needs encoding.
  if (text.length * 3 < limit_bytes * 0.5) return limit_bytes - text.length;
  return limit_bytes - encoder.encode(text).length;
}

/** Said only when it begins to matter: from nine tenths on. */
export function lengthNote(left: number, limit_bytes: number): string | null {
  if (left < 0) return `${(-left).toLocaleString()} too many`;
  return left < limit_bytes / 10 ? `${left.toLocaleString()} left` : null;
}

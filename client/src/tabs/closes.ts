/**
 * Which close code each tab's socket gets when the leader's socket ends.
 */

export const LOST = 1006;
const TOO_LARGE = 1009;
const SUPERSEDED = 4409;

/** Closes after which a client waits for a person, or confirms that it must: another tab may lead. */
export const FINAL: ReadonlySet<number> = new Set([4401, 4403, SUPERSEDED, 4426]);
/** The same over HTTP. */
export const FINAL_STATUS: ReadonlySet<number> = new Set([401, 403, 426]);

/**
 * @param largest whether the largest frame without an answer was this tab's: only its message was too large.
 * @param own whether it is the leader's own client, which alone was replaced.
 */
export function codeFor(code: number, largest: boolean, own: boolean): number {
  if (code === SUPERSEDED && !own) return LOST;
  return code === TOO_LARGE && !largest ? LOST : code;
}

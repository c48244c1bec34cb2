/**
 * What the end of the leader's socket means for the sockets of the tabs.
 */

export const LOST = 1006;
const TOO_LARGE = 1009;
const SUPERSEDED = 4409;

/** Closes after which a client waits for a person, or asks whether to: somebody else may lead. */
export const FINAL: ReadonlySet<number> = new Set([4401, 4403, SUPERSEDED, 4426]);
/** The same over HTTP. */
export const FINAL_STATUS: ReadonlySet<number> = new Set([401, 403, 426]);

/**
 * @param largest whether the largest frame on its way was this tab's: only its message was too large.
 * @param own whether it is the leader's own client: only that was replaced.
 */
export function codeFor(code: number, largest: boolean, own: boolean): number {
  if (code === SUPERSEDED && !own) return LOST;
  return code === TOO_LARGE && !largest ? LOST : code;
}

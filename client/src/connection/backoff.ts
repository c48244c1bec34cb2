/**
 * How long to wait before the next try: full jitter under a ceiling that doubles.
 *
 * Full jitter (uniform from zero) and not "ceiling ± 20 %": when a node dies its clients come back
 * spread evenly instead of in one wave per doubling. 0.5 s is short enough to hide a brief interruption;
 * 30 s bounds how long a working network stays unused (and `wake` ends even that early).
 */
export const FIRST_CEILING_MS = 500;
export const LAST_CEILING_MS = 30_000;

/** The longest wait after so many failures in a row. */
export const ceiling_ms = (failures: number): number => Math.min(LAST_CEILING_MS, FIRST_CEILING_MS * 2 ** failures);

/** `random` is in [0, 1). */
export const backoff_ms = (failures: number, random: number): number => Math.floor(random * ceiling_ms(failures));

/** How long to wait after this error: as long as the server asked for, else the backoff. */
export const retry_ms = ({ retryAfter }: { retryAfter?: number | null }, failures: number, random: number): number =>
  typeof retryAfter === 'number' ? retryAfter * 1_000 : backoff_ms(failures, random);

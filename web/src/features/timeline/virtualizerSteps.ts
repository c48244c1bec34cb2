import type { Row } from './rows.ts';

/** The input of the virtualizer for one render. */
export interface Step {
  readonly rows: readonly Row[];
  /** Whether the start of the list changed: then the rows below keep their place on screen. */
  readonly shift: boolean;
}

/**
 * The next step from the rows on screen to the wanted ones.
 *
 * A virtualizer handles a change at the start (`shift`) or at the end, but not both at once. A bounded window that
 * grows at one end and is cut at the other changes both: then the first step changes the start and keeps the old end,
 * and the caller asks for a second step.
 */
export function stepTowards(shown: readonly Row[], wanted: readonly Row[]): Step {
  if (shown === wanted || shown.length === 0) return { rows: wanted, shift: false };
  const indexes = new Map(wanted.map((row, index) => [row.key, index]));
  const from = shown.findIndex((row) => isSent(row) && indexes.has(row.key));
  const key = shown[from]?.key;
  const to = key === undefined ? undefined : indexes.get(key);
  // No common row: this is another part of the room.
  if (to === undefined || from === to) return { rows: wanted, shift: false };
  // A row changed places, as a failed message does once it is sent after later ones: that is no change at one end.
  if (shown.slice(from).some((row) => (indexes.get(row.key) ?? to) < to)) return { rows: wanted, shift: false };
  const endChanges = shown.length - from !== wanted.length - to;
  return { rows: endChanges ? [...wanted.slice(0, to), ...shown.slice(from)] : wanted, shift: true };
}

/** Unsent messages change places with those that are sent meanwhile: they hold nothing in place. */
const isSent = (row: Row): boolean => row.kind === 'message';

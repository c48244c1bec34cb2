import type { Row } from './rows.ts';

/** What the virtualiser is given for one render, and whether it is the start of the list that changed. */
export interface Step {
  readonly rows: readonly Row[];
  readonly shift: boolean;
}

/**
 * The next step from the rows on screen to those wanted.
 *
 * A virtualiser can be told of a change at the start (`shift`: what is below stays in place) or at the end, not of both
 * at once. A bounded window that grows at one end and is cut at the other changes both; then the start goes first, with
 * the old end still in place, and the caller asks again.
 */
export function stepTowards(shown: readonly Row[], wanted: readonly Row[]): Step {
  if (shown === wanted || shown.length === 0) return { rows: wanted, shift: false };
  const places = new Map(wanted.map((row, index) => [row.key, index]));
  const from = shown.findIndex((row) => isMessage(row) && places.has(row.key));
  const key = shown[from]?.key;
  const to = key === undefined ? undefined : places.get(key);
  // Nothing in common: another part of the room.
  if (to === undefined || from === to) return { rows: wanted, shift: false };
  const endChanges = shown.length - from !== wanted.length - to;
  return { rows: endChanges ? [...wanted.slice(0, to), ...shown.slice(from)] : wanted, shift: true };
}

const isMessage = (row: Row): boolean => row.kind === 'message' || row.kind === 'pending';

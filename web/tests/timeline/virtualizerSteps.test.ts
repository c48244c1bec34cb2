import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../src/features/timeline/rows.ts';
import { stepTowards } from '../../src/features/timeline/virtualizerSteps.ts';
import { ann, message, view } from './make.ts';

const rows = (from: number, to: number) =>
  rowsOf(view(Array.from({ length: to - from + 1 }, (_, index) => message(from + index, ann))), ann);
const keys = (all: readonly { key: string }[]) => all.map((row) => row.key).filter((key) => key.startsWith('m'));

describe('steps of the virtualizer', () => {
  it('older messages are added at the start in one step', () => {
    const wanted = rows(1, 20);
    expect(stepTowards(rows(11, 20), wanted)).toEqual({ rows: wanted, shift: true });
  });

  it('newer messages are added at the end in one step', () => {
    const wanted = rows(1, 21);
    expect(stepTowards(rows(1, 20), wanted)).toEqual({ rows: wanted, shift: false });
  });

  it('older messages with a cut at the end: first the start grows, then the end is cut', () => {
    const wanted = rows(1, 15);
    const first = stepTowards(rows(11, 20), wanted);
    expect(first.shift).toBe(true);
    expect(keys(first.rows)).toEqual(keys(rows(1, 20)));
    expect(stepTowards(first.rows, wanted)).toEqual({ rows: wanted, shift: false });
  });

  it('newer messages with a cut at the start: first the start is cut, then the end grows', () => {
    const wanted = rows(6, 25);
    const first = stepTowards(rows(1, 20), wanted);
    expect(first.shift).toBe(true);
    expect(keys(first.rows)).toEqual(keys(rows(6, 20)));
    expect(stepTowards(first.rows, wanted)).toEqual({ rows: wanted, shift: false });
  });

  it('a message that moved behind later ones is never shown twice', () => {
    const [first, ...later] = rows(1, 5).filter((row) => row.kind === 'message');
    const shown = [first, ...later].filter((row) => row !== undefined);
    const wanted = [later[0], first, ...later.slice(1)].filter((row) => row !== undefined);
    expect(stepTowards(shown, wanted)).toEqual({ rows: wanted, shift: false });
  });

  it('another part of the room is shown in one step', () => {
    const wanted = rows(100, 120);
    expect(stepTowards(rows(1, 20), wanted)).toEqual({ rows: wanted, shift: false });
    expect(stepTowards([], wanted)).toEqual({ rows: wanted, shift: false });
  });
});

import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../src/features/timeline/rows.ts';
import { stepTowards } from '../../src/features/timeline/virtualizerSteps.ts';
import { ann, message, view } from './make.ts';

const rows = (from: number, to: number) =>
  rowsOf(view(Array.from({ length: to - from + 1 }, (_, index) => message(from + index, ann))), ann);
const keys = (all: readonly { key: string }[]) => all.map((row) => row.key).filter((key) => key.startsWith('m'));

describe('steps of the list', () => {
  it('older messages go in at the start', () => {
    const wanted = rows(1, 20);
    expect(stepTowards(rows(11, 20), wanted)).toEqual({ rows: wanted, shift: true });
  });

  it('newer messages go in at the end', () => {
    const wanted = rows(1, 21);
    expect(stepTowards(rows(1, 20), wanted)).toEqual({ rows: wanted, shift: false });
  });

  it('older ones with a cut at the end go in first, and the cut is the second step', () => {
    const wanted = rows(1, 15);
    const first = stepTowards(rows(11, 20), wanted);
    expect(first.shift).toBe(true);
    expect(keys(first.rows)).toEqual(keys(rows(1, 20)));
    expect(stepTowards(first.rows, wanted)).toEqual({ rows: wanted, shift: false });
  });

  it('newer ones with a cut at the start: the cut goes first', () => {
    const wanted = rows(6, 25);
    const first = stepTowards(rows(1, 20), wanted);
    expect(first.shift).toBe(true);
    expect(keys(first.rows)).toEqual(keys(rows(6, 20)));
    expect(stepTowards(first.rows, wanted)).toEqual({ rows: wanted, shift: false });
  });

  it('another part of the room is one step', () => {
    const wanted = rows(100, 120);
    expect(stepTowards(rows(1, 20), wanted)).toEqual({ rows: wanted, shift: false });
    expect(stepTowards([], wanted)).toEqual({ rows: wanted, shift: false });
  });
});

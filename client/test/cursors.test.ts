import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCursors } from '../src/cursors.ts';
import { created } from './make.ts';

describe('a cursor', () => {
  it('applies the next event, drops older ones, and holds later ones until the gap is filled', () => {
    const cursors = createCursors();
    cursors.jump(1, 10);
    expect(cursors.receive(created(9))).toEqual([]);
    expect(cursors.receive(created(12))).toEqual([]);
    expect(cursors.lag(1)).toBe(2);
    expect(cursors.receive(created(11)).map((event) => event.seq)).toEqual([11, 12]);
    expect(cursors).toMatchObject({});
    expect([cursors.get(1), cursors.lag(1)]).toEqual([12, 0]);
  });

  it('records heads, except of rooms without a cursor', () => {
    const cursors = createCursors();
    expect(cursors.receive(created(1))).toEqual([]);
    cursors.raiseHead(1, 5);
    expect([cursors.get(1), cursors.lag(1)]).toEqual([undefined, 0]);
    cursors.jump(1, 3);
    cursors.raiseHead(1, 5);
    expect(cursors.lag(1)).toBe(2);
    cursors.forget(1);
    expect(cursors.lag(1)).toBe(0);
  });

  it('jumps over a gap and continues with waiting events', () => {
    const cursors = createCursors();
    cursors.jump(1, 1);
    cursors.receive(created(5));
    cursors.receive(created(8));
    expect(cursors.jump(1, 7).map((event) => event.seq)).toEqual([8]);
    expect(cursors.toResume()).toEqual({ rooms: { 1: 8 } });
  });

  it('bounds the events that wait', () => {
    const cursors = createCursors();
    cursors.jump(1, 0);
    for (let seq = 2; seq < 5_000; seq++) cursors.receive(created(seq));
    expect(cursors.receive(created(1)).length).toBeLessThanOrEqual(502);
    expect(cursors.lag(1)).toBeGreaterThan(0);
  });

  it('delivers 1…n once and in order, whatever is duplicated or reordered', () => {
    const arrivals = fc.integer({ min: 1, max: 60 }).chain((n) =>
      fc.tuple(
        fc.constant(n),
        fc.shuffledSubarray(
          Array.from({ length: n * 2 }, (_, i) => (i % n) + 1),
          { minLength: n * 2 },
        ),
      ),
    );
    fc.assert(
      fc.property(arrivals, ([n, seqs]) => {
        const cursors = createCursors();
        cursors.jump(1, 0);
        const delivered = seqs.flatMap((seq) => cursors.receive(created(seq)).map((event) => event.seq));
        expect(delivered).toEqual(Array.from({ length: n }, (_, i) => i + 1));
      }),
    );
  });
});

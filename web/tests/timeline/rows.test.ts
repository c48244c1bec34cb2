import { describe, expect, it } from 'vitest';
import { type Row, rowsOf } from '../../src/features/timeline/rows.ts';
import { ann, bob, DAY, message, MINUTE, NOON, pending, view } from './make.ts';

/** "m1*" is a message that shows who wrote it. */
const short = (rows: readonly Row[]) =>
  rows.map((row) => (row.kind === 'message' || row.kind === 'pending' ? row.key + (row.first ? '*' : '') : row.kind));

describe('groups', () => {
  it('one person within five minutes stands under one name', () => {
    const rows = rowsOf(view([message(1, ann), message(2, ann), message(3, bob), message(4, ann)]), ann);
    expect(short(rows)).toEqual(['day', 'm1*', 'm2', 'm3*', 'm4*']);
  });

  it('a pause of more than five minutes begins a new group', () => {
    const rows = rowsOf(
      view([message(1, ann, NOON), message(2, ann, NOON + 5 * MINUTE), message(3, ann, NOON + 10 * MINUTE + 1)]),
      ann,
    );
    expect(short(rows)).toEqual(['day', 'm1*', 'm2', 'm3*']);
  });

  it('a reply shows who wrote it, whoever wrote before', () => {
    const reply_to = { id: 'm1', seq: 1, sender: bob, excerpt: '' };
    expect(short(rowsOf(view([message(1, ann), message(2, ann, NOON + MINUTE, { reply_to })]), ann))).toEqual([
      'day',
      'm1*',
      'm2*',
    ]);
  });
});

describe('days', () => {
  it('every day of the calendar begins with its line', () => {
    const midnight = new Date(2026, 2, 3).getTime();
    const rows = rowsOf(view([message(1, ann, midnight - 1), message(2, ann, midnight)]), ann);
    expect(short(rows)).toEqual(['day', 'm1*', 'day', 'm2*']);
  });

  it('a clock that was set back writes no earlier day', () => {
    const rows = rowsOf(view([message(1, ann, NOON + DAY), message(2, bob, NOON)]), ann);
    expect(short(rows)).toEqual(['day', 'm1*', 'm2*']);
  });

  it('has no key twice', () => {
    const rows = rowsOf(view([message(1, ann), message(2, bob, NOON + DAY), message(3, ann, NOON + 2 * DAY)]), ann);
    expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length);
  });
});

describe('the unread mark', () => {
  it('stands once, before the first unread message of somebody else', () => {
    const messages = [message(1, bob), message(2, ann), message(3, bob), message(4, bob)];
    expect(short(rowsOf(view(messages, { firstUnreadSeq: 2 }), ann))).toEqual([
      'day',
      'm1*',
      'm2*',
      'unread',
      'm3*',
      'm4',
    ]);
  });

  it('stands where the unread event was no message', () => {
    expect(short(rowsOf(view([message(1, bob), message(5, bob)], { firstUnreadSeq: 3 }), ann))).toEqual([
      'day',
      'm1*',
      'unread',
      'm5*',
    ]);
  });
});

describe('what is not sent', () => {
  it('stands at the end, with what it answers', () => {
    const rows = rowsOf(
      view([message(1, bob)], { pending: [pending('p', NOON + 2 * MINUTE, { replyTo: 'm1' })] }),
      ann,
    );
    expect(short(rows)).toEqual(['day', 'm1*', 'p*']);
    expect(rows[2]).toMatchObject({ quote: { id: 'm1', sender: bob, excerpt: 'text 1' } });
  });

  it('is not shown in the middle of the past', () => {
    expect(short(rowsOf(view([message(1, bob)], { hasNewer: true, pending: [pending('p', NOON)] }), ann))).toEqual([
      'day',
      'm1*',
    ]);
  });
});

it('the beginning is told where everything is loaded', () => {
  expect(short(rowsOf(view([message(1, ann)], { hasOlder: false }), ann))).toEqual(['start', 'day', 'm1*']);
  expect(short(rowsOf(view([], { hasOlder: false }), ann))).toEqual(['start']);
  expect(short(rowsOf(view([], { hasOlder: false, loading: 'initial' }), ann))).toEqual([]);
});

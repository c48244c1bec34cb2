import { describe, expect, it } from 'vitest';
import { type Row, rowsOf } from '../../src/features/timeline/rows.ts';
import { ann, bob, DAY, message, MINUTE, NOON, pending, view } from './make.ts';

/** "m1*" is a message that shows its sender. */
const short = (rows: readonly Row[]) =>
  rows.map((row) => (row.kind === 'message' || row.kind === 'pending' ? row.key + (row.first ? '*' : '') : row.kind));

describe('groups', () => {
  it('messages of one sender within five minutes share a name', () => {
    const rows = rowsOf(view([message(1, ann), message(2, ann), message(3, bob), message(4, ann)]), ann);
    expect(short(rows)).toEqual(['day', 'm1*', 'm2', 'm3*', 'm4*']);
  });

  it('a pause of more than five minutes starts a new group', () => {
    const rows = rowsOf(
      view([message(1, ann, NOON), message(2, ann, NOON + 5 * MINUTE), message(3, ann, NOON + 10 * MINUTE + 1)]),
      ann,
    );
    expect(short(rows)).toEqual(['day', 'm1*', 'm2', 'm3*']);
  });

  it('a reply always shows its sender', () => {
    const reply_to = { id: 'm1', seq: 1, sender: bob, excerpt: '' };
    expect(short(rowsOf(view([message(1, ann), message(2, ann, NOON + MINUTE, { reply_to })]), ann))).toEqual([
      'day',
      'm1*',
      'm2*',
    ]);
  });
});

describe('days', () => {
  it('every calendar day starts with a divider', () => {
    const midnight = new Date(2026, 2, 3).getTime();
    const rows = rowsOf(view([message(1, ann, midnight - 1), message(2, ann, midnight)]), ann);
    expect(short(rows)).toEqual(['day', 'm1*', 'day', 'm2*']);
  });

  it('a clock that was set back adds no divider for an earlier day', () => {
    const rows = rowsOf(view([message(1, ann, NOON + DAY), message(2, bob, NOON)]), ann);
    expect(short(rows)).toEqual(['day', 'm1*', 'm2*']);
  });

  it('keys are unique', () => {
    const rows = rowsOf(view([message(1, ann), message(2, bob, NOON + DAY), message(3, ann, NOON + 2 * DAY)]), ann);
    expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length);
  });
});

describe('the unread divider', () => {
  it('appears once, before the first unread message of another user', () => {
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

  it('appears at the next message if the first unread event is not one', () => {
    expect(short(rowsOf(view([message(1, bob), message(5, bob)], { firstUnreadSeq: 3 }), ann))).toEqual([
      'day',
      'm1*',
      'unread',
      'm5*',
    ]);
  });
});

describe('unsent messages', () => {
  it('are at the end, with their quotes', () => {
    const rows = rowsOf(
      view([message(1, bob)], { pending: [pending('p', NOON + 2 * MINUTE, { replyTo: 'm1' })] }),
      ann,
    );
    expect(short(rows)).toEqual(['day', 'm1*', 'p*']);
    expect(rows[2]).toMatchObject({ quote: { id: 'm1', sender: bob, excerpt: 'text 1' } });
  });

  it('are hidden while the end of the log is not loaded', () => {
    expect(short(rowsOf(view([message(1, bob)], { hasNewer: true, pending: [pending('p', NOON)] }), ann))).toEqual([
      'day',
      'm1*',
    ]);
  });
});

it('the room start appears once all messages are loaded', () => {
  expect(short(rowsOf(view([message(1, ann)], { hasOlder: false }), ann))).toEqual(['start', 'day', 'm1*']);
  expect(short(rowsOf(view([], { hasOlder: false }), ann))).toEqual(['start']);
  expect(short(rowsOf(view([], { hasOlder: false, loading: 'initial' }), ann))).toEqual([]);
});

import { describe, expect, it } from 'vitest';
import {
  applyEvent,
  applyPage,
  applyResult,
  beginLoad,
  EMPTY,
  failLoad,
  type Load,
  MAX_MESSAGES,
  type Page,
  show,
  type Timeline,
} from '../src/timeline.ts';
import { created, deleted, edited, joined, message, quote, reacted } from './make.ts';

const seqs = (t: Timeline): number[] => t.messages.map((m) => m.seq);
const page = (from: number, to: number, as_of_seq: number, has_more = false): Page => ({
  messages: Array.from({ length: to - from + 1 }, (_, i) => message(from + i)),
  as_of_seq,
  has_more,
});
const initial: Load = { kind: 'initial' };
const superseded: Load = { kind: 'initial' };
const older: Load = { kind: 'older' };
const newer: Load = { kind: 'newer' };
const opened = (p: Page, newest = true): Timeline => applyPage(beginLoad(EMPTY, initial), initial, p, newest);

describe('events', () => {
  it('append in order, once', () => {
    let t = opened(page(1, 2, 2));
    t = applyEvent(applyEvent(t, created(3)), created(4));
    expect(seqs(t)).toEqual([1, 2, 3, 4]);
    expect(applyEvent(t, created(4))).toBe(t);
  });

  it('change a message only if they are newer than what is shown', () => {
    const t = opened({ messages: [message(1, { rev_seq: 5, content: 'as of 5' })], as_of_seq: 5, has_more: false });
    expect(applyEvent(t, edited(4, 1, 'older'))).toBe(t);
    expect(applyEvent(t, edited(6, 1, 'newer')).messages[0]).toMatchObject({ content: 'newer', rev_seq: 6 });
    expect(applyEvent(t, reacted(5, 1, 9))).toBe(t);
  });

  it('add and remove reactions, once for each person', () => {
    let t = opened(page(1, 1, 1));
    t = applyEvent(applyEvent(applyEvent(t, reacted(2, 1, 7)), reacted(3, 1, 8)), reacted(4, 1, 8));
    expect(t.messages[0]).toMatchObject({ rev_seq: 4, reactions: [{ emoji: '👍', count: 2, user_ids: [7, 8] }] });
    t = applyEvent(applyEvent(t, reacted(5, 1, 7, false)), reacted(6, 1, 8, false));
    expect(t.messages[0]?.reactions).toEqual([]);
  });

  it("leave a tombstone at the message's seq, and empty every quote of it", () => {
    let t = opened({ messages: [message(1), message(2, { reply_to: quote(1) })], as_of_seq: 2, has_more: false });
    t = applyEvent(t, deleted(3, 1));
    expect(t.messages[0]).toMatchObject({ seq: 1, deleted: true, content: '' });
    expect(t.messages[1]?.reply_to).toMatchObject({ id: 'm1', excerpt: '' });
  });

  it('update quotes of a message that is not held itself', () => {
    const t = opened({ messages: [message(9, { reply_to: quote(1) })], as_of_seq: 9, has_more: true });
    expect(applyEvent(t, edited(10, 1, 'better   words')).messages[0]?.reply_to?.excerpt).toBe('better words');
    expect(applyEvent(t, reacted(10, 1, 7))).toBe(t);
  });

  it('of other types change nothing', () => {
    const t = opened(page(1, 2, 2));
    expect(applyEvent(t, joined(3, 7))).toBe(t);
  });

  it('keep the identity of other messages', () => {
    const t = opened(page(1, 3, 3));
    const after = applyEvent(t, edited(4, 2, 'new'));
    expect(after.messages[0]).toBe(t.messages[0]);
    expect(after.messages[2]).toBe(t.messages[2]);
  });
});

describe('pages', () => {
  it('include events that arrive while they are loaded', () => {
    let t = beginLoad(EMPTY, initial);
    for (const event of [created(4), edited(5, 2, 'edited meanwhile'), created(6)]) t = applyEvent(t, event);
    t = applyPage(t, initial, page(1, 4, 4), true);
    expect(seqs(t)).toEqual([1, 2, 3, 4, 6]);
    expect(t.messages[1]?.content).toBe('edited meanwhile');
    expect(t.messages.filter((m) => m.seq === 4)).toHaveLength(1);
  });

  it('do not get back messages that they exclude', () => {
    let t = beginLoad(EMPTY, initial);
    t = applyEvent(t, created(4));
    t = applyPage(t, initial, page(100, 110, 110, true), true);
    expect(seqs(t)[0]).toBe(100);
  });

  it('extend the window at both ends', () => {
    let t = opened(page(50, 60, 100, true), false);
    expect(t).toMatchObject({ hasOlder: true, hasNewer: true });
    t = applyPage(beginLoad(t, older), older, page(40, 49, 100, false), true);
    t = applyPage(beginLoad(t, newer), newer, page(61, 100, 100, false), true);
    expect(seqs(t)).toEqual(Array.from({ length: 61 }, (_, i) => 40 + i));
    expect(t).toMatchObject({ hasOlder: false, hasNewer: false, load: null });
  });

  it('of an earlier load are ignored', () => {
    const t = beginLoad(beginLoad(EMPTY, superseded), initial);
    expect(applyPage(t, superseded, page(1, 5, 5), true)).toBe(t);
    expect(failLoad(t, superseded, { code: 'network', detail: '' })).toBe(t);
    expect(failLoad(t, initial, { code: 'network', detail: 'x' })).toMatchObject({
      load: null,
      error: { code: 'network' },
    });
  });

  it('keep the window bounded by trimming the far end', () => {
    let t = opened(page(1_000, 1_000 + MAX_MESSAGES - 1, 5_000, true));
    t = applyPage(beginLoad(t, older), older, page(950, 999, 5_000, true), true);
    expect(t.messages).toHaveLength(MAX_MESSAGES);
    expect(seqs(t)[0]).toBe(950);
    expect(t.hasNewer).toBe(true);
    expect(applyEvent(t, created(5_001))).toBe(t);
    t = applyPage(beginLoad(t, newer), newer, page(1_550, 1_599, 5_000, true), true);
    expect(seqs(t).at(-1)).toBe(1_599);
    expect(t).toMatchObject({ hasOlder: true, messages: { length: MAX_MESSAGES } });
  });

  it('a live window is trimmed too, in slices', () => {
    let t = opened(page(1, 600, 600));
    for (let seq = 601; seq <= 1_000; seq++) t = applyEvent(t, created(seq));
    expect(t.messages.length).toBeLessThanOrEqual(MAX_MESSAGES + 100);
    expect(seqs(t).at(-1)).toBe(1_000);
    expect(t.hasOlder).toBe(true);
  });
});

describe('own messages', () => {
  it('are shown at their seq when they are acked, and once when the event arrives', () => {
    let t = opened(page(1, 3, 3));
    t = show(t, message(6));
    t = applyEvent(applyEvent(applyEvent(t, created(4)), created(5)), created(6));
    expect(seqs(t)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('are not added to a window that does not include their seq', () => {
    const old = opened(page(50, 60, 100, true), false);
    expect(show(old, message(101))).toBe(old);
    const newest = opened(page(50, 60, 60, true));
    expect(show(newest, message(7))).toBe(newest);
  });

  it('answers change held messages and add none', () => {
    const t = opened(page(1, 3, 3));
    expect(applyResult(t, message(2, { rev_seq: 9, content: 'x' })).messages[1]).toMatchObject({
      content: 'x',
      rev_seq: 9,
    });
    expect(applyResult(t, message(8))).toBe(t);
  });
});

import { describe, expect, it } from 'vitest';
import { isShownInRoom, shownInRoom } from '../../src/features/timeline/shownInRoom.ts';
import { ann, bob, message, NOON, pending, view } from '../timeline/make.ts';

const reply = (seq: number, in_room = false) => message(seq, bob, undefined, { thread: 'm1', in_room });

describe('a room', () => {
  it('shows replies of threads only where their sender wanted it', () => {
    const shown = shownInRoom(view([message(1, ann), reply(2), reply(3, true), message(4, bob)]));
    expect(shown.messages.map(({ seq }) => seq)).toEqual([1, 3, 4]);
  });

  it('shows unsent replies by the same rule', () => {
    const waiting = [
      pending('room', NOON),
      pending('thread', NOON, { inThread: { thread: 'm1', in_room: false } }),
      pending('both', NOON, { inThread: { thread: 'm1', in_room: true } }),
      pending('flat', NOON, { inThread: { thread: null, in_room: false } }),
    ];
    expect(shownInRoom(view([], { pending: waiting })).pending.map(({ id }) => id)).toEqual(['room', 'both', 'flat']);
  });

  it('without hidden replies has the view that it was given', () => {
    const whole = view([message(1, ann), reply(2, true)]);
    expect(shownInRoom(whole)).toBe(whole);
  });

  it('of an older server, whose messages have no threads, shows them all', () => {
    expect(isShownInRoom({})).toBe(true);
  });
});

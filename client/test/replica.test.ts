import { describe, expect, it } from 'vitest';
import type { Room, ServerFrame } from '../src/protocol.ts';
import { created, row } from './make.ts';
import { hear, hello, hold, list, replicaOf } from './replicaOf.ts';

const replica = (...rooms: Room[]) => replicaOf(rooms);

describe('the list', () => {
  it('of an older version takes nothing back', () => {
    const r = replica();
    hear(r, { type: 'room_added', user_version: 6, room: row({ id: 2 }) }, list([row()], 5));
    expect(r.rooms.list.map((room) => room.id)).toEqual([2, 1]);
  });

  it('moves the cursor where no messages are held, and asks for the gap where they are', () => {
    const r = replica();
    hear(r, list([row({ seq: 12 })], 6));
    expect(r.cursors.get(1)).toBe(12);
    expect(r.takeNeeds().repair.size).toBe(0);
    hold(r);
    hear(r, list([row({ seq: 15 })], 7));
    expect(r.cursors.get(1)).toBe(12);
    expect([...r.takeNeeds().repair]).toEqual([1]);
  });

  it('lets go of what is no longer on it', () => {
    const r = replica();
    hold(r);
    hear(r, list([], 6));
    expect(r.timeline(1)).toMatchObject({ messages: [], error: { code: 'room_removed' } });
    expect(r.resume()).toEqual({ epoch: 'e1', user_version: 6, rooms: {} });
  });
});

describe('changes of the list', () => {
  it('are applied in their order, and older ones of the other transport are dropped', () => {
    const r = replica();
    hear(r, { type: 'room_removed', user_version: 7, room_id: 1, reason: 'left' });
    expect(r.takeNeeds().refresh).toBe(true);
    hear(r, { type: 'room_added', user_version: 6, room: row() });
    expect(r.rooms.list).toEqual([]);
    hear(r, { type: 'room_added', user_version: 8, room: row({ seq: 20 }) });
    expect(r.cursors.get(1)).toBe(20);
    expect(r.takeNeeds().refresh).toBe(false);
  });

  it('tell what to ask for when a room comes back that is on screen', () => {
    const r = replica();
    hold(r);
    hear(r, { type: 'room_removed', user_version: 6, room_id: 1, reason: 'removed' });
    r.takeNeeds();
    hear(r, { type: 'room_added', user_version: 7, room: row({ seq: 20 }) });
    expect([...r.takeNeeds().reload]).toEqual([1]);
  });
});

describe('where this client stands', () => {
  it('is told only while it is sure who speaks', () => {
    const r = replica();
    expect(r.resume()).toEqual({ epoch: 'e1', user_version: 5, rooms: { 1: 10 } });
    r.doubt();
    expect(r.resume()).toBeUndefined();
    hear(r, hello());
    expect(r.resume()).toBeDefined();
  });

  it('is worth nothing under another epoch', () => {
    const r = replica();
    hold(r);
    hear(r, hello('e2'));
    expect(r.resume()).toBeUndefined();
    expect([...r.takeNeeds().reload]).toEqual([1]);
    hear(r, list([row({ seq: 3 })], 1, 'e2'));
    expect(r.resume()).toEqual({ epoch: 'e2', user_version: 1, rooms: { 1: 3 } });
  });

  it('is nobody else’s: another person starts from nothing', () => {
    const r = replica();
    hold(r);
    hear(r, hello('e1', 2));
    expect(r.resume()).toBeUndefined();
    expect(r.timeline(1)).toBeUndefined();
    expect(r.rooms.list).toEqual([]);
  });

  it('jumps at a reset, and asks for the page and the counts', () => {
    const r = replica();
    hold(r);
    hear(r, created(905), { type: 'room_reset', room_id: 1, seq: 904 });
    expect(r.cursors.get(1)).toBe(905);
    const needs = r.takeNeeds();
    expect([...needs.reload]).toEqual([1]);
    expect(needs.refresh).toBe(true);
  });

  it('shows nothing behind the hole of a reset before the page is there', () => {
    const r = replica();
    hold(r);
    hear(r, { type: 'room_reset', room_id: 1, seq: 904 }, created(905));
    expect(r.timeline(1)?.messages.some(({ seq }) => seq === 905)).toBe(false);
    expect(r.timeline(1)?.hasNewer).toBe(true);
  });
});

const readState: ServerFrame = {
  type: 'read_state',
  user_version: 6,
  room_id: 1,
  seq: 11,
  read_seq: 11,
  unread_count: 0,
  mention_count: 0,
};

describe('what the core does not count itself', () => {
  it('is asked for', () => {
    for (const frame of [created(11), readState]) {
      const r = replica();
      hear(r, frame);
      expect(r.takeNeeds().refresh).toBe(true);
    }
  });

  it('comes with the list, and an older row takes nothing back', () => {
    const r = replica();
    hear(r, list([row({ seq: 12, unread_count: 2 })], 6));
    expect(r.rooms.get(1)).toMatchObject({ seq: 12, unread_count: 2 });
    r.put(row({ seq: 11, unread_count: 1 }));
    expect(r.rooms.get(1)).toMatchObject({ seq: 12, unread_count: 2 });
  });
});

describe('frames of a newer server', () => {
  it('are nobody’s', () => {
    const r = replica();
    const before = JSON.stringify(r.rooms.list);
    hear(r, { type: 'hologram', colour: 'blue' } as unknown as ServerFrame);
    expect(JSON.stringify(r.rooms.list)).toBe(before);
  });

  it('count where they have a number in a room: what comes after must not wait for them', () => {
    const r = replica();
    hear(r, { type: 'hologram', room_id: 1, seq: 11 } as unknown as ServerFrame, created(12));
    expect(r.cursors.get(1)).toBe(12);
    expect(r.takeNeeds().repair.size).toBe(0);
  });
});

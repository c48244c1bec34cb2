import { describe, expect, it } from 'vitest';
import type { Room, ServerFrame } from '../src/protocol.ts';
import { created, row } from './make.ts';
import { receive, hello, hold, list, replicaOf } from './replicaOf.ts';

const replica = (...rooms: Room[]) => replicaOf(rooms);

describe('the list', () => {
  it('of an older version is ignored', () => {
    const r = replica();
    receive(r, { type: 'room_added', user_version: 6, room: row({ id: 2 }) }, list([row()], 5));
    expect(r.rooms.list.map((room) => room.id)).toEqual([2, 1]);
  });

  it('moves the cursor where no messages are held, and requests the gap where they are', () => {
    const r = replica();
    receive(r, list([row({ seq: 12 })], 6));
    expect(r.cursors.get(1)).toBe(12);
    expect(r.takeNeeds().repair.size).toBe(0);
    hold(r);
    receive(r, list([row({ seq: 15 })], 7));
    expect(r.cursors.get(1)).toBe(12);
    expect([...r.takeNeeds().repair]).toEqual([1]);
  });

  it('removes rooms that are no longer in it', () => {
    const r = replica();
    hold(r);
    receive(r, list([], 6));
    expect(r.timeline(1)).toMatchObject({ messages: [], error: { code: 'room_removed' } });
    expect(r.resume()).toEqual({ epoch: 'e1', user_version: 6, rooms: {} });
  });
});

describe('changes of the list', () => {
  it('are applied in order, and older ones of the other transport are dropped', () => {
    const r = replica();
    receive(r, { type: 'room_removed', user_version: 7, room_id: 1, reason: 'left' });
    expect(r.takeNeeds().refresh).toBe(true);
    receive(r, { type: 'room_added', user_version: 6, room: row() });
    expect(r.rooms.list).toEqual([]);
    receive(r, { type: 'room_added', user_version: 8, room: row({ seq: 20 }) });
    expect(r.cursors.get(1)).toBe(20);
    expect(r.takeNeeds().refresh).toBe(false);
  });

  it('reload a room that comes back while it is held', () => {
    const r = replica();
    hold(r);
    receive(r, { type: 'room_removed', user_version: 6, room_id: 1, reason: 'removed' });
    r.takeNeeds();
    receive(r, { type: 'room_added', user_version: 7, room: row({ seq: 20 }) });
    expect([...r.takeNeeds().reload]).toEqual([1]);
  });
});

describe('the resume', () => {
  it('exists only while the user is confirmed', () => {
    const r = replica();
    expect(r.resume()).toEqual({ epoch: 'e1', user_version: 5, rooms: { 1: 10 } });
    r.doubt();
    expect(r.resume()).toBeUndefined();
    receive(r, hello());
    expect(r.resume()).toBeDefined();
  });

  it('is dropped under another epoch', () => {
    const r = replica();
    hold(r);
    receive(r, hello('e2'));
    expect(r.resume()).toBeUndefined();
    expect([...r.takeNeeds().reload]).toEqual([1]);
    receive(r, list([row({ seq: 3 })], 1, 'e2'));
    expect(r.resume()).toEqual({ epoch: 'e2', user_version: 1, rooms: { 1: 3 } });
  });

  it('is dropped for another person', () => {
    const r = replica();
    hold(r);
    receive(r, hello('e1', 2));
    expect(r.resume()).toBeUndefined();
    expect(r.timeline(1)).toBeUndefined();
    expect(r.rooms.list).toEqual([]);
  });

  it('jumps at a reset, and requests the page and the counts', () => {
    const r = replica();
    hold(r);
    receive(r, created(905), { type: 'room_reset', room_id: 1, seq: 904 });
    expect(r.cursors.get(1)).toBe(905);
    const needs = r.takeNeeds();
    expect([...needs.reload]).toEqual([1]);
    expect(needs.refresh).toBe(true);
  });

  it('shows nothing after the gap of a reset before the page is loaded', () => {
    const r = replica();
    hold(r);
    receive(r, { type: 'room_reset', room_id: 1, seq: 904 }, created(905));
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
  thread_unread_count: 0,
  thread_mention_count: 0,
  unread_from: null,
  mention_count: 0,
};

describe('rows without exact rules', () => {
  it('are fetched after an event', () => {
    for (const frame of [created(11), readState]) {
      const r = replica();
      receive(r, frame);
      expect(r.takeNeeds().refresh).toBe(true);
    }
  });

  it('come with the list, and an older row is ignored', () => {
    const r = replica();
    receive(r, list([row({ seq: 12, unread_count: 2 })], 6));
    expect(r.rooms.get(1)).toMatchObject({ seq: 12, unread_count: 2 });
    r.put(row({ seq: 11, unread_count: 1 }));
    expect(r.rooms.get(1)).toMatchObject({ seq: 12, unread_count: 2 });
  });
});

describe('frames of a newer server', () => {
  it('are ignored', () => {
    const r = replica();
    const before = JSON.stringify(r.rooms.list);
    receive(r, { type: 'hologram', colour: 'blue' } as unknown as ServerFrame);
    expect(JSON.stringify(r.rooms.list)).toBe(before);
  });

  it('count in the sequence of the user where they have a version: the list is not fetched again for them', () => {
    const r = replica();
    const version = r.resume()?.user_version ?? 0;
    receive(r, { type: 'hologram', user_version: version + 1 } as unknown as ServerFrame);
    expect(r.resume()?.user_version).toBe(version + 1);
    receive(r, { type: 'ping', timestamp: '', user_version: version + 1 } as unknown as ServerFrame);
    expect(r.takeNeeds().refresh).toBe(false);
  });

  it('count as events where they have a seq: later events do not wait for them', () => {
    const r = replica();
    receive(r, { type: 'hologram', room_id: 1, seq: 11 } as unknown as ServerFrame, created(12));
    expect(r.cursors.get(1)).toBe(12);
    expect(r.takeNeeds().repair.size).toBe(0);
  });
});

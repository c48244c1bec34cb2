import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCursors } from '../../src/cursors.ts';
import { exactRows, unreadAfter } from '../../src/features/exactRows.ts';
import type { Room, RoomEvent, ServerFrame } from '../../src/protocol.ts';
import { createRooms, type Rooms } from '../../src/rooms.ts';
import { FakeClock, MemoryServer } from '../../src/testing/index.ts';
import { applyPage, beginLoad, EMPTY } from '../../src/timeline.ts';
import { created, deleted, edited, joined, left, message, reacted, row, user } from '../make.ts';
import { receive, hold, ME, replicaOf } from '../replicaOf.ts';

const me = user(ME);

/** Rows that count along, where no messages are held. */
function counting(): Rooms {
  const made = createRooms();
  made.rules = exactRows({ rooms: made, cursors: createCursors(), timeline: () => undefined, user: me });
  return made;
}

const rooms = (more = {}): Rooms => {
  const made = counting();
  made.replace([row(more)]);
  return made;
};

describe('a row', () => {
  it("counts others' messages and mentions after the read mark", () => {
    const r = rooms();
    r.apply(created(11, { mentions: [ME] }));
    r.apply(created(12, { sender: me }));
    r.apply(created(13));
    expect(r.get(1)).toMatchObject({ seq: 13, unread_count: 2, mention_count: 1, last_message: { id: 'm13' } });
  });

  it('is as of its own seq: older events change nothing', () => {
    const r = rooms();
    const before = r.get(1);
    r.apply(created(10));
    expect(r.get(1)).toBe(before);
  });

  it('does not count deleted messages; where the count was capped the list is fetched', () => {
    const r = rooms({ unread_count: 2, mention_count: 1, seq: 20, read_seq: 10 });
    expect(r.apply(deleted(21, 15, { mentions: [ME] }))).toBe(false);
    expect(r.get(1)).toMatchObject({ unread_count: 1, mention_count: 0 });
    expect(r.apply(deleted(22, 5))).toBe(false);
    expect(r.get(1)).toMatchObject({ unread_count: 1 });
    const capped = rooms({ unread_count: 100, seq: 200, read_seq: 10 });
    expect(capped.apply(deleted(201, 15))).toBe(true);
  });

  it('counts alike after an edit: mentions are fixed at sending', () => {
    const r = rooms({ unread_count: 2, mention_count: 1, seq: 20, read_seq: 10 });
    expect(r.apply(edited(21, 15, 'x', { mentions: [ME] }))).toBe(false);
    expect(r.get(1)).toMatchObject({ unread_count: 2, mention_count: 1 });
  });

  it('counts replies in threads only where the room shows them, and fetches the list where one of these is deleted', () => {
    const r = rooms({ unread_count: 0, seq: 20, read_seq: 10 });
    expect(r.apply(created(21, { thread: 'root' }))).toBe(false);
    expect(r.get(1)).toMatchObject({ seq: 21, unread_count: 0 });
    expect(r.apply(created(22, { thread: 'root', in_room: true }))).toBe(false);
    expect(r.get(1)).toMatchObject({ unread_count: 1 });
    expect(r.apply(deleted(23, 21, { thread: 'root' }))).toBe(false);
    expect(r.apply(deleted(24, 22, { thread: 'root', in_room: true }))).toBe(true);
  });

  it('takes counts as of its own seq, and fetches the list for others', () => {
    const r = createRooms();
    const exact = exactRows({ rooms: r, cursors: createCursors(), timeline: () => undefined, user: me });
    r.replace([row({ seq: 20, read_seq: 10, unread_count: 10 })]);
    const mark = { room_id: 1, read_seq: 15, unread_count: 5, mention_count: 0 };
    expect(exact.read({ ...mark, seq: 20 })).toBe(false);
    expect(r.get(1)).toMatchObject({ seq: 20, read_seq: 15, unread_count: 5 });
    expect(exact.read({ ...mark, seq: 21, read_seq: 16 })).toBe(true);
    expect(exact.read({ ...mark, seq: 19, read_seq: 17 })).toBe(true);
  });

  it('shows the current last message', () => {
    const r = rooms();
    r.apply(created(11));
    r.apply(edited(12, 11, 'now\nthis'));
    expect(r.get(1)?.last_message?.content).toBe('now this');
    r.apply(deleted(13, 11));
    expect(r.get(1)?.last_message?.content).toBe('');
  });

  it('follows members, names and nothing else', () => {
    const r = rooms();
    r.apply(joined(11, 3));
    r.apply(joined(12, 3));
    expect(r.get(1)).toMatchObject({ member_count: 3, members: [{ id: 1 }, { id: 2 }, { id: 3 }] });
    r.apply(left(13, 2));
    expect(r.get(1)).toMatchObject({ member_count: 2, members: [{ id: 1 }, { id: 3 }] });
    const facts = { id: 1, kind: 'group' as const, name: 'new name', topic: 't', member_count: 2, shows_seen: false };
    r.apply({ type: 'room_updated', room_id: 1, seq: 14, at: '', room: facts });
    r.apply(reacted(15, 11, 2));
    expect(r.get(1)).toMatchObject({ seq: 15, name: 'new name', read_seq: 10, role: 'member' });
  });

  it('fetches the members when a large room becomes small', () => {
    const r = rooms({ member_count: 21, members: [] });
    expect(r.apply(left(11, 9))).toBe(true);
    const full = rooms({ member_count: 20, members: Array.from({ length: 20 }, (_, i) => user(i)) });
    full.apply(joined(11, 99));
    expect(full.get(1)).toMatchObject({ member_count: 21, members: [] });
  });
});

describe('a fetched row', () => {
  it('that is older than the held one changes no newer member', () => {
    const r = rooms();
    r.apply(created(11));
    r.put(row({ seq: 10, name: 'renamed' }));
    expect(r.get(1)).toMatchObject({ seq: 11, unread_count: 1, name: 'renamed' });
  });

  it('does not move the read mark back', () => {
    const r = rooms();
    r.apply(created(11));
    r.set(row({ seq: 11, read_seq: 11, unread_count: 0, mention_count: 0 }));
    r.put(row({ seq: 11, read_seq: 10, unread_count: 1 }));
    expect(r.get(1)).toMatchObject({ read_seq: 11, unread_count: 0 });
  });
});

describe('the list', () => {
  it('is sorted by time and not by text: fractions of a second have any length', () => {
    const at = (timestamp: string) => ({ id: 'm', sender: me, content: '', timestamp });
    const r = counting();
    r.replace([
      row({ id: 1, last_message: at('2026-01-01T00:00:05Z') }),
      row({ id: 2, last_message: at('2026-01-01T00:00:05.123456Z') }),
      row({ id: 3 }),
      row({ id: 4, last_message: at('2026-01-01T00:00:05.2Z') }),
    ]);
    expect(r.list.map((room) => room.id)).toEqual([4, 2, 1, 3]);
  });

  it('and its rows keep their identity when the same list arrives again', () => {
    const r = counting();
    r.replace([row({ id: 1 }), row({ id: 2 })]);
    const { list } = r;
    expect(r.replace([row({ id: 1 }), row({ id: 2 })])).toEqual([]);
    expect(r.list).toBe(list);
    expect(r.replace([row({ id: 2 })])).toEqual([1]);
    expect(r.list.map((room) => room.id)).toEqual([2]);
  });
});

describe('old list + events', () => {
  it('is the new list, for every action', () => {
    const action = fc.tuple(fc.constantFrom('post', 'mine', 'edit', 'delete', 'react'), fc.nat(20), fc.boolean());
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), fc.nat(40), (actions, split) => {
        const server = new MemoryServer(new FakeClock(), ['me', 'other']);
        const room = server.createRoom([ME, 2]);
        const held = counting();
        let from = 0;
        actions.forEach(([what, pick, mention], index) => {
          if (index === Math.min(split, actions.length - 1)) {
            held.replace(server.list(ME).rooms);
            from = room.log.length;
          }
          const text = mention ? `hi @me ${index}` : `hi ${index}`;
          const target = [...room.messages.values()].filter((m) => m.sender.id === 2 && !m.deleted)[pick];
          if (what === 'post') server.post(1, 2, text);
          else if (what === 'mine') server.post(1, ME, text);
          else if (target && what === 'edit')
            server.run(2, 'edit_message', { message_id: target.id, content: 'edited' });
          else if (target && what === 'delete') server.run(2, 'delete_message', { message_id: target.id });
          else if (target) server.run(2, 'add_reaction', { message_id: target.id, emoji: '👍' });
        });
        if (!held.loaded) held.replace(server.list(ME).rooms);
        const recount = room.log.slice(from).map((event: RoomEvent) => held.apply(event));
        const [fresh] = server.list(ME).rooms as [Room];
        // Where the row is not exact, the list is fetched.
        if (recount.includes(true)) held.replace([fresh]);
        expect(held.get(1)).toEqual(fresh);
      }),
    );
  });
});

// ── read marks ──────────────────────────────────────────────────────────────────────────────

const replica = (...rooms: Room[]) => replicaOf(rooms, (made) => (made.rooms.rules = exactRows(made)));
const readState = (user_version: number, read_seq: number, unread_count: number, seq = 10): ServerFrame => ({
  type: 'read_state',
  user_version,
  room_id: 1,
  thread_unread_count: 0,
  thread_mention_count: 0,
  unread_from: null,
  seq,
  read_seq,
  unread_count,
  mention_count: 0,
});

describe('a read mark', () => {
  it('at the end leaves nothing unread, whatever the server counted', () => {
    const r = replica(row({ read_seq: 5, unread_count: 3 }));
    receive(r, readState(6, 12, 1));
    expect(r.rooms.get(1)).toMatchObject({ read_seq: 12, unread_count: 0 });
    expect(r.takeNeeds().refresh).toBe(false);
  });

  it('in the middle is counted here where all messages after it are held', () => {
    const r = replica(row({ read_seq: 5, unread_count: 3 }));
    hold(r);
    receive(r, created(11), readState(6, 9, 77));
    expect(r.rooms.get(1)).toMatchObject({ read_seq: 9, unread_count: 2 });
    expect(r.takeNeeds().refresh).toBe(false);
  });

  it("in the middle of messages that are not held uses the server's counts, and the list is fetched", () => {
    const r = replica(row({ read_seq: 5, unread_count: 3 }));
    receive(r, readState(6, 8, 2, 11));
    expect(r.rooms.get(1)).toMatchObject({ read_seq: 8, unread_count: 2 });
    expect(r.takeNeeds().refresh).toBe(true);
  });

  it('never goes back', () => {
    const r = replica(row({ read_seq: 9, unread_count: 1 }));
    receive(r, readState(6, 7, 3));
    expect(r.rooms.get(1)).toMatchObject({ read_seq: 9, unread_count: 1 });
  });
});

describe('unread messages after a mark', () => {
  it('are counted only where all of them are held', () => {
    const load = { kind: 'initial' } as const;
    const t = applyPage(
      beginLoad(EMPTY, load),
      load,
      {
        messages: [
          message(8),
          message(9, { mentions: [1] }),
          message(10, { deleted: true }),
          message(11, { sender: { id: 1, username: '', display_name: '' } }),
        ],
        as_of_seq: 11,
        has_more: true,
      },
      true,
    );
    expect(unreadAfter(t, 7, 1)).toEqual({ unread_count: 2, mention_count: 1 });
    expect(unreadAfter(t, 8, 1)).toEqual({ unread_count: 1, mention_count: 1 });
    expect(unreadAfter(t, 6, 1)).toBeNull();
    expect(unreadAfter({ ...t, hasNewer: true }, 8, 1)).toBeNull();
    expect(unreadAfter({ ...t, hasOlder: false }, 2, 1)).not.toBeNull();
  });
});

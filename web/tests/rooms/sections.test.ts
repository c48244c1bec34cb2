import type { Room } from '@backchannel/client';
import { describe, expect, it } from 'vitest';
import { roomTitle } from '../../src/app/roomNames.ts';
import { neighbour, sectionsOf } from '../../src/features/rooms/sections.ts';
import { plainText } from '../../src/ui/plainText.ts';

function room(id: number, kind: Room['kind'], name: string | null, more: Partial<Room> = {}): Room {
  return {
    id,
    kind,
    name,
    topic: '',
    seq: 0,
    read_seq: 0,
    unread_count: 0,
    mention_count: 0,
    member_count: 2,
    members: [],
    role: 'member',
    last_message: null,
    ...more,
  };
}
const user = (id: number, display_name: string) => ({ id, username: display_name.toLowerCase(), display_name });

describe('the sidebar', () => {
  it('sorts channels by name and direct rooms by latest activity', () => {
    const rooms = [
      room(1, 'direct', null),
      room(2, 'channel', 'b10'),
      room(3, 'channel', 'B2'),
      room(4, 'direct', null),
      room(5, 'group', 'x'),
    ];
    expect(sectionsOf(rooms, 9).map((section) => section.rooms.map((each) => each.id))).toEqual([[3, 2], [5], [1, 4]]);
  });

  it('names a direct room after its other member, and an unnamed group after its members', () => {
    expect(roomTitle(room(1, 'direct', null, { members: [user(9, 'Me'), user(2, 'Bob')] }), 9)).toBe('Bob');
    expect(roomTitle(room(1, 'group', null, { members: [user(9, 'Me'), user(2, 'Bob'), user(3, 'Cid')] }), 9)).toBe(
      'Bob, Cid',
    );
  });
});

describe('the next room', () => {
  const rooms = [room(1, 'channel', 'a'), room(2, 'channel', 'b', { unread_count: 1 }), room(3, 'channel', 'c')];
  it('wraps around at both ends', () => {
    expect(neighbour(rooms, 3, 1)?.id).toBe(1);
    expect(neighbour(rooms, 1, -1)?.id).toBe(3);
    expect(neighbour(rooms, null, 1)?.id).toBe(1);
    expect(neighbour(rooms, null, -1)?.id).toBe(3);
  });

  it('skips read rooms, if asked to', () => {
    expect(neighbour(rooms, 3, 1, true)?.id).toBe(2);
    expect(neighbour(rooms, 2, 1, true)).toBeUndefined();
    expect(neighbour([], null, 1)).toBeUndefined();
  });
});

it('a message preview shows no Markdown marks', () => {
  expect(plainText('**Hello** _you_,\n\n```ts\nconst a = 1\n``` [link](https://x.y) snake_case 2 * 3')).toBe(
    'Hello you, const a = 1 link snake_case 2 * 3',
  );
});

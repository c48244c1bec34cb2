/** Somebody in very many rooms: the resume stays small, and nothing of what moved is lost. */
import { describe, expect, it } from 'vitest';
import { createCursors } from '../src/cursors.ts';
import type { Room, ServerFrame } from '../src/protocol.ts';
import { createReplica } from '../src/replica.ts';
import { EMPTY } from '../src/timeline.ts';

const user = { id: 1, username: 'ann', display_name: 'Ann' };
const room = (id: number, seq: number): Room => ({
  id,
  kind: 'channel',
  name: `r${id}`,
  topic: '',
  seq,
  read_seq: seq,
  unread_count: 0,
  mention_count: 0,
  member_count: 1,
  members: [],
  role: 'member',
  last_message: null,
});

function crowded(limits: object) {
  const replica = createReplica([]);
  const hello = {
    type: 'hello',
    protocol: 1,
    session: 's',
    user,
    epoch: 'e',
    heartbeat_s: 30,
    user_version: 4,
    limits,
  };
  replica.receive(hello as unknown as ServerFrame);
  const rooms = Array.from({ length: 5000 }, (_, index) => room(index + 1, index));
  replica.receive({ type: 'room_list', rooms, timestamp: '', user_version: 4, epoch: 'e' });
  replica.takeNeeds();
  return replica;
}

describe('a resume', () => {
  it('has some cursors, and the sum of all others', () => {
    const { rooms, others, ...rest } = crowded({ resume_rooms: 100 }).resume() ?? { rooms: {} };
    expect(rest).toEqual({ epoch: 'e', user_version: 4 });
    expect(Object.keys(rooms)).toHaveLength(100);
    const named = Object.values(rooms).reduce((sum, seq) => sum + seq, 0);
    expect(named + (others ?? 0)).toBe((4999 * 5000) / 2);
  });

  it('has every cursor when there are few, or the server does not support the sum', () => {
    expect(createCursors().toResume(1)).toEqual({ rooms: {} });
    expect(Object.keys(crowded({}).resume()?.rooms ?? {})).toHaveLength(5000);
  });
});

describe('heads of rooms that the resume did not name', () => {
  it('move their cursors, and the list is fetched', () => {
    const replica = crowded({ resume_rooms: 100 });
    replica.receive({ type: 'room_heads', heads: { 7: 9, 8: 7, 9999: 3 } });
    expect([replica.cursors.get(7), replica.cursors.get(8), replica.cursors.get(9999)]).toEqual([9, 7, undefined]);
    const needs = replica.takeNeeds();
    expect([needs.refresh, needs.repair.size]).toEqual([true, 0]);
  });

  it('repair rooms that are held', () => {
    const replica = crowded({ resume_rooms: 100 });
    replica.setTimeline(7, EMPTY);
    replica.receive({ type: 'room_heads', heads: { 7: 9 } });
    expect(replica.cursors.get(7)).toBe(6);
    expect([...replica.takeNeeds().repair]).toEqual([7]);
  });
});

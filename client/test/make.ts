/** Messages, events and rooms for tests, with everything that does not matter filled in. */
import type { Message, Room, RoomEvent, User } from '../src/protocol.ts';

export const user = (id: number): User => ({ id, username: `user${id}`, display_name: `User ${id}` });

export function message(seq: number, more: Partial<Message> = {}): Message {
  return {
    id: `m${seq}`,
    room_id: 1,
    seq,
    rev_seq: seq,
    sender: user(2),
    content: `text ${seq}`,
    reply_to: null,
    created_at: new Date(seq * 1_000).toISOString(),
    edited_at: null,
    deleted: false,
    reactions: [],
    attachments: [],
    mentions: [],
    pinned: false,
    thread: null,
    in_room: false,
    thread_summary: null,
    ...more,
  };
}

const at = '2026-01-01T00:00:00Z';
export const created = (seq: number, more: Partial<Message> = {}): RoomEvent => ({
  type: 'message_created',
  room_id: 1,
  seq,
  at,
  message: message(seq, more),
});
export const edited = (seq: number, of: number, content: string, more: Partial<Message> = {}): RoomEvent => ({
  type: 'message_edited',
  room_id: 1,
  seq,
  at,
  message: message(of, { rev_seq: seq, content, edited_at: at, ...more }),
});
export const deleted = (seq: number, of: number, more: Partial<Message> = {}): RoomEvent => ({
  type: 'message_deleted',
  room_id: 1,
  seq,
  at,
  message: message(of, { rev_seq: seq, content: '', deleted: true, ...more }),
});
export const reacted = (seq: number, of: number, user_id: number, add = true): RoomEvent => ({
  type: add ? 'reaction_added' : 'reaction_removed',
  room_id: 1,
  seq,
  at,
  message_id: `m${of}`,
  emoji: '👍',
  user_id,
});
export const joined = (seq: number, id: number): RoomEvent => ({
  type: 'member_joined',
  room_id: 1,
  seq,
  at,
  user: user(id),
  by: user(id),
});
export const left = (seq: number, id: number): RoomEvent => ({ ...joined(seq, id), type: 'member_left' }) as RoomEvent;

export const quote = (seq: number, excerpt = `text ${seq}`) => ({ id: `m${seq}`, seq, sender: user(2), excerpt });

export const row = (more: Partial<Room> = {}): Room => ({
  id: 1,
  kind: 'group',
  name: 'room',
  topic: '',
  seq: 10,
  read_seq: 10,
  unread_count: 0,
  mention_count: 0,
  member_count: 2,
  members: [user(1), user(2)],
  role: 'member',
  last_message: null,
  ...more,
});

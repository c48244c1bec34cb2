/**
 * The room list of one person: heads, unread counts, last messages, kept right by events.
 *
 * A row is as of its own `seq` (a list may be fetched ahead of the events), so an event counts only
 * if it is newer than the row. Where a count cannot be followed exactly (it was capped, or a text
 * that mentioned somebody was edited) the methods say so, and the list is asked for again:
 * unread must be equal on all devices. Sets nothing in motion; the caller passes everything in.
 */
import type { LastMessage, Message, Room, RoomEvent, RoomId, Seq, UserId } from './protocol.ts';
import { CAP, excerpt } from './timeline.ts';

/** Rooms of up to so many people list their members. */
const SMALL = 20;

export class Rooms {
  readonly #rooms = new Map<RoomId, Room>();
  #list: readonly Room[] | null = null;
  #unread: Readonly<Record<RoomId, number>> = {};
  loaded = false;

  /** Newest activity first; the same array until a row changes. */
  get list(): readonly Room[] {
    this.#list ??= [...this.#rooms.values()]
      .map((room) => ({ room, at: activity(room.last_message) }))
      .sort((a, b) => b.at - a.at || b.room.id - a.room.id)
      .map(({ room }) => room);
    return this.#list;
  }

  /** By room id, zeros left out; the same object until a count changes. */
  get unreadCounts(): Readonly<Record<RoomId, number>> {
    const counts = Object.fromEntries(
      this.list.filter((room) => room.unread_count > 0).map((room) => [room.id, room.unread_count]),
    );
    if (!sameJson(counts, this.#unread)) this.#unread = counts;
    return this.#unread;
  }

  get(roomId: RoomId): Room | undefined {
    return this.#rooms.get(roomId);
  }

  /** The whole list; returns the ids that are gone. */
  replace(rooms: readonly Room[]): readonly RoomId[] {
    const kept = new Set(rooms.map((room) => room.id));
    const gone = [...this.#rooms.keys()].filter((id) => !kept.has(id));
    for (const id of gone) this.remove(id);
    for (const room of rooms) this.put(room);
    this.loaded = true;
    return gone;
  }

  put(room: Room): void {
    const held = this.#rooms.get(room.id);
    if (!held) return this.#set(room);
    // Fetched before events that are applied already: keep what those said.
    const told =
      room.seq >= held.seq
        ? room
        : { ...room, seq: held.seq, last_message: held.last_message, ...countsOf(held), read_seq: held.read_seq };
    // Read here, and the server does not know yet.
    this.#set(held.read_seq > told.read_seq ? { ...told, read_seq: held.read_seq, ...countsOf(held) } : told);
  }

  remove(roomId: RoomId): void {
    if (this.#rooms.delete(roomId)) this.#list = null;
  }

  clear(): void {
    this.#rooms.clear();
    this.#list = null;
    this.loaded = false;
  }

  /** Returns true where the row can no longer be followed exactly. */
  apply(event: RoomEvent, me: UserId | undefined): boolean {
    const row = this.#rooms.get(event.room_id);
    if (!row || event.seq <= row.seq) return false;
    const [next, recount] = follow({ ...row, seq: event.seq }, event, me);
    this.#set(next);
    return recount;
  }

  /** The mark and the counts behind it, as of the row's seq. */
  setRead(row: Room, read_seq: Seq, counts: Counts): void {
    this.#set({ ...row, read_seq, ...countsOf(counts) });
  }

  #set(room: Room): void {
    if (sameJson(this.#rooms.get(room.id), room)) return;
    this.#rooms.set(room.id, room);
    this.#list = null;
  }
}

export type Counts = Pick<Room, 'unread_count' | 'mention_count'>;
const countsOf = ({ unread_count, mention_count }: Counts): Counts => ({ unread_count, mention_count });

function follow(row: Room, event: RoomEvent, me: UserId | undefined): [Room, boolean] {
  switch (event.type) {
    case 'message_created': {
      const { message } = event;
      const last_message = {
        id: message.id,
        sender: message.sender,
        content: excerpt(message.content),
        timestamp: message.created_at,
      };
      return [{ ...row, last_message, ...count(row, message, me, 1) }, false];
    }
    case 'message_deleted': {
      const capped = row.unread_count >= CAP || row.mention_count >= CAP;
      const next = { ...retext(row, event.message), ...count(row, event.message, me, -1) };
      return [next, capped && isUnread(row, event.message, me)];
    }
    case 'message_edited': {
      const mentions = row.mention_count > 0 || event.message.mentions.includes(me as UserId);
      return [retext(row, event.message), mentions && isUnread(row, event.message, me)];
    }
    case 'member_joined': {
      if (row.members.some((member) => member.id === event.user.id)) return [row, false];
      const member_count = row.member_count + 1;
      const members = member_count > SMALL ? [] : [...row.members, event.user];
      return [{ ...row, member_count, members }, false];
    }
    case 'member_left': {
      const member_count = row.member_count - 1;
      const members = row.members.filter((member) => member.id !== event.user.id);
      return [{ ...row, member_count, members }, member_count === SMALL];
    }
    case 'room_updated':
      return [{ ...row, ...event.room, id: row.id }, false];
    case 'reaction_added':
    case 'reaction_removed':
      return [row, false];
  }
}

const isUnread = (row: Room, message: Message, me: UserId | undefined): boolean =>
  message.sender.id !== me && message.seq > row.read_seq;

function count(row: Room, message: Message, me: UserId | undefined, by: 1 | -1): Counts {
  if (!isUnread(row, message, me)) return countsOf(row);
  const mention = message.mentions.includes(me as UserId) ? by : 0;
  return { unread_count: bound(row.unread_count + by), mention_count: bound(row.mention_count + mention) };
}

const bound = (count: number): number => Math.min(CAP, Math.max(0, count));

function retext(row: Room, message: Message): Room {
  if (row.last_message?.id !== message.id) return row;
  return { ...row, last_message: { ...row.last_message, content: excerpt(message.content) } };
}

const activity = (last: LastMessage | null): number => (last ? Date.parse(last.timestamp) : 0);
const sameJson = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

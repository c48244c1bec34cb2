/**
 * One room of the server in memory: its log, and the messages that follow from it.
 */
import { changeMessage, changeQuote, excerpt, type MessageEvent } from '../message.ts';
import type { Message, MessageDetails, Quote, Room, RoomEvent, RoomKind, Seq, User, UserId } from '../protocol.gen.ts';

/** An event before it has a place in a log. */
export type Fact = RoomEvent extends infer E
  ? E extends RoomEvent
    ? Omit<E, 'room_id' | 'seq' | 'at'>
    : never
  : never;

/** Which page of the history; numbers come as text out of paths and queries. */
interface PageFields {
  readonly limit?: unknown;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly around?: unknown;
  readonly at?: unknown;
  /** The messages to page through; all of the room unless given. */
  readonly of?: readonly Message[];
}

/** Counts are capped. */
const CAP = 100;

export class MemoryRoom {
  readonly id: number;
  readonly kind: RoomKind;
  name: string | null;
  topic = '';
  /** Whether the details of its messages show who has seen them. */
  showsSeen = false;
  readonly log: RoomEvent[] = [];
  /** As they are now, ascending by seq. */
  readonly messages = new Map<string, Message>();
  readonly members = new Map<UserId, { read: Seq; unreadFrom?: Seq | undefined; role: 'owner' | 'member' }>();

  constructor(id: number, kind: RoomKind, name: string | null) {
    this.id = id;
    this.kind = kind;
    this.name = name;
  }

  get head(): Seq {
    return this.log.length;
  }

  append(fact: Fact, at: string): RoomEvent {
    const event = { ...fact, room_id: this.id, seq: this.head + 1, at } as RoomEvent;
    this.log.push(event);
    this.#apply(event);
    return event;
  }

  /** Forgets every event after the first `length` ones. */
  rewind(length: number): void {
    this.log.splice(length);
    this.messages.clear();
    this.log.forEach((event) => this.#apply(event));
    for (const member of this.members.values()) member.read = Math.min(member.read, length);
  }

  quote(id: string | undefined): Quote | null {
    const quoted = this.messages.get(id ?? '');
    return quoted ? { id: quoted.id, seq: quoted.seq, sender: quoted.sender, excerpt: excerpt(quoted) } : null;
  }

  /** The room as this user sees it. */
  row(userId: UserId, users: ReadonlyMap<UserId, User>): Room {
    const member = this.members.get(userId);
    const { unread_from, ...read } = this.readBy(userId);
    const last = [...this.messages.values()].at(-1);
    return {
      id: this.id,
      kind: this.kind,
      name: this.name,
      topic: this.topic,
      seq: this.head,
      ...read,
      ...(unread_from !== null && { unread_from }),
      member_count: this.members.size,
      members: [...this.members.keys()].map((id) => users.get(id) as User),
      role: member?.role ?? 'member',
      ...(this.showsSeen && { shows_seen: true }),
      last_message: last
        ? { id: last.id, sender: last.sender, content: excerpt(last), timestamp: last.created_at }
        : null,
    };
  }

  /** The marks of this user, and what is unread after them. */
  readBy(userId: UserId) {
    const { read = 0, unreadFrom: unread_from = null } = this.members.get(userId) ?? {};
    return { read_seq: read, unread_from, ...this.counts(userId, unread_from === null ? read : unread_from - 1) };
  }

  counts(userId: UserId, read_seq: Seq) {
    const unread = [...this.messages.values()].filter(
      (m) => m.seq > read_seq && m.sender.id !== userId && !m.deleted && (!m.thread || m.in_room),
    );
    const mentions = unread.filter((m) => m.mentions.includes(userId));
    return { unread_count: Math.min(CAP, unread.length), mention_count: Math.min(CAP, mentions.length) };
  }

  details(message: Message, users: ReadonlyMap<UserId, User>): MessageDetails {
    const edits = this.log.filter((event) => event.type === 'message_edited' && event.message.id === message.id);
    const seen = [...this.members].filter(([id, { read }]) => id !== message.sender.id && read >= message.seq);
    const people = seen.map(([id]) => users.get(id) as User);
    return {
      accepted_at: message.created_at,
      seq: message.seq,
      edits: edits.map(({ at }) => at),
      via: 'websocket',
      ...(this.showsSeen && { seen_by: { count: seen.length, people } }),
    };
  }

  history({ limit = 50, before = Number.POSITIVE_INFINITY, after, at, of, ...rest }: PageFields) {
    const most = Number(limit);
    const all = of ?? [...this.messages.values()];
    const from = all.find(({ created_at }) => Date.parse(created_at) >= Date.parse(String(at)));
    const around = at === undefined ? rest.around : (from?.seq ?? this.head + 1);
    const page = (messages: readonly Message[], has_more: boolean) => ({ messages, as_of_seq: this.head, has_more });
    if (after !== undefined) {
      const newer = all.filter((m) => m.seq > Number(after));
      return page(newer.slice(0, most), newer.length > most);
    }
    if (around !== undefined) {
      const found = all.findIndex((m) => m.seq >= Number(around));
      const start = Math.max(0, (found < 0 ? all.length : found) - Math.floor(most / 2));
      return page(all.slice(start, start + most), start > 0);
    }
    const older = all.filter((m) => m.seq < Number(before));
    return page(older.slice(-most), older.length > most);
  }

  #apply(event: RoomEvent): void {
    if (event.type === 'message_created') this.messages.set(event.message.id, event.message);
    else if ('message' in event) this.#change(event.message.id, event);
    else if ('message_id' in event) this.#change(event.message_id, event);
  }

  #change(id: string, event: MessageEvent): void {
    const before = this.messages.get(id);
    if (!before) return;
    const changed = { ...changeMessage(before, event), thread_summary: before.thread_summary };
    this.messages.set(id, changed);
    for (const reply of this.messages.values()) this.messages.set(reply.id, changeQuote(reply, changed));
  }
}

/**
 * A server in memory, for tests of the client and of apps built on it: rooms' logs, idempotent
 * sends, read marks, catch-up by cursor. It keeps the contract's promises and nothing else; it has
 * no transport (see transports/memory.ts) and forgets everything.
 */
import type {
  ErrorCode,
  Message,
  Resume,
  Room,
  RoomEvent,
  RoomKind,
  Seq,
  ServerFrame,
  ServerHello,
  User,
  UserFrame,
  UserId,
} from '../protocol.gen.ts';
import { ERRORS } from '../protocol.gen.ts';
import type { Clock } from '../types.ts';
import { uuidv7 } from '../uuid.ts';

/** An event without its place. */
type Fact = RoomEvent extends infer E ? (E extends RoomEvent ? Omit<E, 'room_id' | 'seq' | 'at'> : never) : never;
type UserFact = UserFrame extends infer F ? (F extends UserFrame ? Omit<F, 'user_version'> : never) : never;
interface Sent {
  readonly id: string;
  readonly room_id: number;
  readonly content: string;
  readonly reply_to?: string;
}
/** Numbers come as text out of paths and queries. */
type Fields = Readonly<Record<string, unknown>>;

export interface MemoryRoom {
  readonly id: number;
  readonly kind: RoomKind;
  name: string | null;
  topic: string;
  readonly log: RoomEvent[];
  readonly messages: Map<string, Message>;
  readonly members: Map<UserId, { read: Seq; role: 'owner' | 'member' }>;
}

/** Somebody listening: one socket, or one poll. */
export interface Listener {
  readonly user: User;
  hear(frame: ServerFrame): void;
}

/** Refusals are thrown as the body of an error. */
export class Refusal extends Error {
  readonly body: { code: ErrorCode; status: number; detail: string; retry_after?: number };
  constructor(code: ErrorCode, retry_after?: number) {
    super(code);
    this.body = { code, status: ERRORS[code], detail: code, ...(retry_after !== undefined && { retry_after }) };
  }
}

const MAX_REPLAY = 500;

export class MemoryServer {
  readonly clock: Clock;
  readonly users = new Map<UserId, User>();
  readonly rooms = new Map<number, MemoryRoom>();
  readonly listeners = new Set<Listener>();
  epoch = 'epoch-1';
  heartbeat_s = 30;
  /** Drops the next published events: committed, but nobody is told. */
  deafNext = 0;
  readonly #versions = new Map<UserId, number>();
  #lastRoom = 0;
  #epochs = 1;

  constructor(clock: Clock, names: readonly string[]) {
    this.clock = clock;
    names.forEach((username, index) => {
      this.users.set(index + 1, { id: index + 1, username, display_name: username });
      this.#versions.set(index + 1, 1);
    });
  }

  createRoom(members: readonly UserId[], kind: RoomKind = 'group', name = 'room'): MemoryRoom {
    const id = ++this.#lastRoom;
    const room: MemoryRoom = { id, kind, name, topic: '', log: [], messages: new Map(), members: new Map() };
    this.rooms.set(id, room);
    members.forEach((userId, index) => room.members.set(userId, { read: 0, role: index === 0 ? 'owner' : 'member' }));
    for (const userId of members) this.tell(userId, { type: 'room_added', room: this.row(room, userId) });
    return room;
  }

  /** What `userId` writes from another device. */
  post(roomId: number, userId: UserId, content: string, reply_to?: string): Message {
    const quoted = reply_to === undefined ? {} : { reply_to };
    return this.send(userId, { id: uuidv7(this.clock.now()), room_id: roomId, content, ...quoted }).message;
  }

  remove(roomId: number, userId: UserId): void {
    const room = this.#room(roomId);
    const user = this.users.get(userId) as User;
    this.#append(room, { type: 'member_left', user, by: user });
    room.members.delete(userId);
    this.tell(userId, { type: 'room_removed', room_id: roomId, reason: 'removed' });
  }

  /** As after a restored backup: every room as it was when its log had so many events, under a new numbering. */
  rewind(length: number): void {
    this.epoch = `epoch-${++this.#epochs}`;
    for (const room of this.rooms.values()) {
      room.log.splice(length);
      room.messages.clear();
      for (const event of room.log) {
        if (event.type === 'message_created') room.messages.set(event.message.id, event.message);
        else if ('message' in event) this.#put(room, event.message);
      }
      for (const member of room.members.values()) member.read = Math.min(member.read, length);
    }
  }

  hello(user: User): ServerHello {
    return {
      type: 'hello',
      protocol: 1,
      session: 's',
      user,
      epoch: this.epoch,
      heartbeat_s: this.heartbeat_s,
      user_version: this.version(user.id),
      limits: {
        sends_per_second: 10,
        send_burst: 60,
        commands_per_second: 30,
        changes_per_second: 1,
        change_burst: 60,
        rooms: 5000,
        rooms_created_per_day: 200,
        people_added_per_day: 2000,
        connections: 20,
        content_bytes: 16_384,
        frame_bytes: 65_536,
        page: 200,
        catch_up_events: MAX_REPLAY,
        sync_wait_s: 25,
        resume_rooms: 1000,
      },
      server: { version: 'memory' },
    };
  }

  /** What comes between hello and caught_up. */
  catchUp(user: User, resume: Resume | undefined): ServerFrame[] {
    const frames: ServerFrame[] = [];
    const known = resume?.epoch === this.epoch ? resume : undefined;
    if (!known || known.user_version !== this.version(user.id)) {
      frames.push({ type: 'room_list', ...this.list(user.id) });
    }
    for (const [id, cursor] of Object.entries(known?.rooms ?? {})) {
      const room = this.rooms.get(Number(id));
      if (!room?.members.has(user.id)) continue;
      if (room.log.length - cursor > MAX_REPLAY) {
        frames.push({ type: 'room_reset', room_id: room.id, seq: room.log.length });
      } else frames.push(...room.log.slice(cursor));
    }
    return frames;
  }

  heartbeat(userId: UserId): ServerFrame {
    const mine = [...this.rooms.values()].filter((room) => room.members.has(userId));
    const heads = Object.fromEntries(mine.map((room) => [room.id, room.log.length]));
    return { type: 'ping', timestamp: this.#time(), heads, user_version: this.version(userId) };
  }

  version(userId: UserId): number {
    return this.#versions.get(userId) as number;
  }

  /** One command of one person; throws a Refusal. */
  run(userId: UserId, type: string, f: Fields): unknown {
    const room = (): MemoryRoom => this.#mine(Number(f.room_id), userId);
    switch (type) {
      case 'get_me':
        return { user: this.users.get(userId) };
      case 'get_room_list':
        return this.list(userId);
      case 'get_room':
        return { room: this.row(room(), userId) };
      case 'send_message':
        return this.send(userId, { ...f, room_id: Number(f.room_id) } as unknown as Sent);
      case 'edit_message': {
        const { content, base_seq } = f as { content: string; base_seq?: number };
        const [, before] = this.#find(f.message_id as string);
        if (before.content === content && before.sender.id === userId) return { message: before };
        if (base_seq !== undefined && base_seq !== before.rev_seq) throw new Refusal('edit_conflict');
        return this.#change(userId, f, (message) => ({ ...message, content, edited_at: this.#time() }));
      }
      case 'delete_message': {
        const [, before] = this.#find(f.message_id as string);
        if (before.deleted) return { message: before };
        return this.#change(userId, f, (message) => ({ ...message, content: '', deleted: true, reactions: [] }));
      }
      case 'add_reaction':
      case 'remove_reaction':
        return this.#react(userId, type, f);
      case 'get_history':
        return this.#history(room(), f);
      case 'get_events': {
        const { log } = room();
        const after = Number(f.after);
        return { events: log.slice(after, after + 200), seq: log.length };
      }
      case 'mark_read':
        return this.#read(room(), userId, Number(f.seq));
      case 'typing':
        return this.#typing(room(), userId, f.active === true);
      case 'create_room': {
        const { kind, name, members = [] } = f as { kind: RoomKind; name?: string; members?: UserId[] };
        return { room: this.row(this.createRoom([userId, ...members], kind, name), userId) };
      }
      case 'set_presence':
        return {};
      default:
        throw new Refusal('unknown_command');
    }
  }

  send(userId: UserId, f: Sent): { message: Message; duplicate: boolean } {
    const room = this.#mine(f.room_id, userId);
    const known = [...this.rooms.values()].flatMap((r) => r.messages.get(f.id) ?? [])[0];
    if (known) {
      const same = known.room_id === room.id && known.sender.id === userId && known.content === f.content;
      if (!same) throw new Refusal('id_reused');
      return { message: known, duplicate: true };
    }
    const quoted = f.reply_to ? room.messages.get(f.reply_to) : undefined;
    const seq = room.log.length + 1;
    const message: Message = {
      id: f.id,
      room_id: room.id,
      seq,
      rev_seq: seq,
      sender: this.users.get(userId) as User,
      content: f.content,
      reply_to: quoted
        ? { id: quoted.id, seq: quoted.seq, sender: quoted.sender, excerpt: quoted.content.slice(0, 140) }
        : null,
      created_at: this.#time(),
      edited_at: null,
      deleted: false,
      reactions: [],
      attachments: [],
      mentions: [...this.users.values()].filter((u) => f.content.includes(`@${u.username}`)).map((u) => u.id),
    };
    room.messages.set(message.id, message);
    this.#append(room, { type: 'message_created', message });
    return { message, duplicate: false };
  }

  list(userId: UserId) {
    const rooms = [...this.rooms.values()].filter((room) => room.members.has(userId));
    return {
      rooms: rooms.map((room) => this.row(room, userId)),
      timestamp: this.#time(),
      user_version: this.version(userId),
      epoch: this.epoch,
    };
  }

  row(room: MemoryRoom, userId: UserId): Room {
    const member = room.members.get(userId);
    const read_seq = member?.read ?? 0;
    const last = [...room.messages.values()].at(-1);
    return {
      id: room.id,
      kind: room.kind,
      name: room.name,
      topic: room.topic,
      seq: room.log.length,
      read_seq,
      ...this.#counts(room, userId, read_seq),
      member_count: room.members.size,
      members: [...room.members.keys()].map((id) => this.users.get(id) as User),
      role: member?.role ?? 'member',
      last_message: last
        ? { id: last.id, sender: last.sender, content: last.content.slice(0, 140), timestamp: last.created_at }
        : null,
    };
  }

  tell(userId: UserId, fact: UserFact): void {
    const user_version = this.version(userId) + 1;
    this.#versions.set(userId, user_version);
    this.listeners.forEach((listener) => {
      if (listener.user.id === userId) listener.hear({ ...fact, user_version });
    });
  }

  // ── private ───────────────────────────────────────────────────────────────────────────────

  #append(room: MemoryRoom, fact: Fact): void {
    const event = { ...fact, room_id: room.id, seq: room.log.length + 1, at: this.#time() } as RoomEvent;
    room.log.push(event);
    if (this.deafNext > 0) {
      this.deafNext--;
      return;
    }
    this.listeners.forEach((listener) => room.members.has(listener.user.id) && listener.hear(event));
  }

  #typing(room: MemoryRoom, user_id: UserId, active: boolean): object {
    const frame = { type: 'typing', room_id: room.id, user_id, active } as const;
    this.listeners.forEach((listener) => room.members.has(listener.user.id) && listener.hear(frame));
    return {};
  }

  #change(userId: UserId, f: Fields, alter: (message: Message) => Message): { message: Message } {
    const [room, message] = this.#find(f.message_id as string);
    this.#mine(room.id, userId);
    if (message.sender.id !== userId) throw new Refusal('forbidden');
    if (message.deleted) throw new Refusal('message_deleted');
    const changed = { ...alter(message), rev_seq: room.log.length + 1 };
    this.#put(room, changed);
    this.#append(room, { type: changed.deleted ? 'message_deleted' : 'message_edited', message: changed });
    return { message: changed };
  }

  #react(userId: UserId, type: 'add_reaction' | 'remove_reaction', f: Fields): { message: Message } {
    const [room, message] = this.#find(f.message_id as string);
    const emoji = f.emoji as string;
    const users = message.reactions.find((r) => r.emoji === emoji)?.user_ids ?? [];
    const add = type === 'add_reaction';
    if (users.includes(userId) === add) return { message };
    const user_ids = add ? [...users, userId] : users.filter((id) => id !== userId);
    const others = message.reactions.filter((r) => r.emoji !== emoji);
    const reactions = user_ids.length > 0 ? [...others, { emoji, count: user_ids.length, user_ids }] : others;
    const changed = { ...message, reactions, rev_seq: room.log.length + 1 };
    this.#put(room, changed);
    const fact = { message_id: message.id, emoji, user_id: userId };
    this.#append(room, { type: add ? 'reaction_added' : 'reaction_removed', ...fact });
    return { message: changed };
  }

  /** As it is now, and so are the quotes of it. */
  #put(room: MemoryRoom, changed: Message): void {
    room.messages.set(changed.id, changed);
    for (const [id, message] of room.messages) {
      if (message.reply_to?.id !== changed.id) continue;
      room.messages.set(id, { ...message, reply_to: { ...message.reply_to, excerpt: changed.content.slice(0, 140) } });
    }
  }

  #history(room: MemoryRoom, f: Fields) {
    const limit = Number(f.limit ?? 50);
    const all = [...room.messages.values()];
    const before = all.filter((m) => f.before === undefined || m.seq < Number(f.before));
    let messages: Message[];
    let has_more: boolean;
    if (f.after !== undefined) {
      const newer = all.filter((m) => m.seq > Number(f.after));
      messages = newer.slice(0, limit);
      has_more = newer.length > limit;
    } else if (f.around !== undefined) {
      const at = all.findIndex((m) => m.seq >= Number(f.around));
      const start = Math.max(0, at - Math.floor(limit / 2));
      messages = all.slice(start, start + limit);
      has_more = start > 0;
    } else {
      messages = before.slice(-limit);
      has_more = before.length > limit;
    }
    return { messages, as_of_seq: room.log.length, has_more };
  }

  #read(room: MemoryRoom, userId: UserId, seq: Seq) {
    const member = room.members.get(userId) as { read: Seq };
    const read_seq = Math.max(member.read, Math.min(seq, room.log.length));
    const state = { seq: room.log.length, read_seq, ...this.#counts(room, userId, read_seq) };
    if (read_seq > member.read) {
      member.read = read_seq;
      this.tell(userId, { type: 'read_state', room_id: room.id, ...state });
    }
    return state;
  }

  #counts(room: MemoryRoom, userId: UserId, read: Seq) {
    const unread = [...room.messages.values()].filter((m) => m.seq > read && m.sender.id !== userId && !m.deleted);
    const mention_count = Math.min(100, unread.filter((m) => m.mentions.includes(userId)).length);
    return { unread_count: Math.min(100, unread.length), mention_count };
  }

  #room(roomId: number): MemoryRoom {
    const room = this.rooms.get(roomId);
    if (!room) throw new Refusal('room_not_found');
    return room;
  }

  #mine(roomId: number, userId: UserId): MemoryRoom {
    const room = this.#room(roomId);
    if (!room.members.has(userId)) throw new Refusal('not_a_member');
    return room;
  }

  #find(id: string): [MemoryRoom, Message] {
    for (const room of this.rooms.values()) {
      const message = room.messages.get(id);
      if (message) return [room, message];
    }
    throw new Refusal('message_not_found');
  }

  #time(): string {
    return new Date(this.clock.now()).toISOString();
  }
}

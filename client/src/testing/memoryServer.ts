/**
 * A server in memory, for tests of the client and of apps built on it: the rooms' logs, idempotent
 * sends, read marks, catch-up by cursor. It implements the protocol without a transport
 * (see memoryNetwork.ts) and without storage.
 *
 * Longer than 300 lines: each command is one case of `run`, as short as a handler of its own would be.
 */
import type {
  CommandFields,
  Message,
  Resume,
  Room,
  RoomKind,
  Seq,
  ServerFrame,
  ServerHello,
  User,
  UserFrame,
  UserId,
} from '../protocol.gen.ts';
import type { Clock } from '../types.ts';
import { uuidv7 } from '../uuid.ts';
import { LIMITS, Refusal } from './answers.ts';
import { MemoryDrafts } from './memoryDrafts.ts';
import { type Fact, MemoryRoom } from './memoryRoom.ts';
import { MemoryScheduled } from './memoryScheduled.ts';
import { searchRooms } from './memorySearch.ts';
import { MemoryNotifications } from './memoryNotifications.ts';
import { MemoryThreads } from './memoryThreads.ts';
import { MemoryUploads } from './memoryUploads.ts';

/** In one room. */
const PINS = 50;

type UserFact = UserFrame extends infer F ? (F extends UserFrame ? Omit<F, 'user_version'> : never) : never;
interface Sent {
  readonly id: string;
  readonly room_id: number;
  readonly content: string;
  readonly reply_to?: string;
  readonly attachments?: readonly string[];
  readonly thread?: string;
  readonly in_room?: boolean;
  readonly draft_rev?: number;
}
/** Numbers come as text out of paths and queries. */
type Fields = Readonly<Record<string, unknown>>;

/** A subscriber: one socket, or one poll. */
export interface Listener {
  readonly user: User;
  receive(frame: ServerFrame): void;
}

export class MemoryServer {
  readonly clock: Clock;
  readonly users = new Map<UserId, User>();
  readonly rooms = new Map<number, MemoryRoom>();
  readonly listeners = new Set<Listener>();
  epoch = 'epoch-1';
  heartbeat_s = 30;
  /** So many next events are committed, but not published. */
  deafNext = 0;
  readonly uploads = new MemoryUploads((userId, upload) => this.tell(userId, { type: 'upload_state', upload }));
  readonly drafts = new MemoryDrafts((userId, draft) => this.tell(userId, { type: 'draft', draft }));
  readonly scheduled = new MemoryScheduled({
    changed: (userId, scheduled) => this.tell(userId, { type: 'scheduled', scheduled }),
    send: (userId, { id, room_id, content, thread, in_room }) =>
      void this.send(userId, { id, room_id, content, ...(thread && { thread, in_room: in_room ?? false }) }),
  });
  readonly threads = new MemoryThreads();
  readonly notifications = new MemoryNotifications();
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
    const room = new MemoryRoom(id, kind, name);
    this.rooms.set(id, room);
    members.forEach((userId, index) => room.members.set(userId, { read: 0, role: index === 0 ? 'owner' : 'member' }));
    for (const userId of members) this.tell(userId, { type: 'room_added', room: this.#row(room, userId) });
    return room;
  }

  /** Sends as `userId` from another device. */
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

  /** As after a restored backup: every room as it was when its log had so many events, under a new epoch. */
  rewind(length: number): void {
    this.epoch = `epoch-${++this.#epochs}`;
    for (const room of this.rooms.values()) room.rewind(length);
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
      limits: LIMITS,
      server: { version: 'memory', evidence: true },
    };
  }

  /** The frames between `hello` and `caught_up`. */
  catchUp(user: User, resume: Resume | undefined): ServerFrame[] {
    const frames: ServerFrame[] = [];
    const known = resume?.epoch === this.epoch ? resume : undefined;
    if (!known || known.user_version !== this.version(user.id)) {
      frames.push({ type: 'room_list', ...this.list(user.id) });
    }
    for (const [id, cursor] of Object.entries(known?.rooms ?? {})) {
      const room = this.rooms.get(Number(id));
      if (!room?.members.has(user.id)) continue;
      if (room.head - cursor > LIMITS.catch_up_events) {
        frames.push({ type: 'room_reset', room_id: room.id, seq: room.head });
      } else frames.push(...room.log.slice(cursor));
    }
    return frames;
  }

  heartbeat(userId: UserId): ServerFrame {
    const mine = [...this.rooms.values()].filter((room) => room.members.has(userId));
    const heads = Object.fromEntries(mine.map((room) => [room.id, room.head]));
    return { type: 'ping', timestamp: this.#time(), heads, user_version: this.version(userId) };
  }

  version(userId: UserId): number {
    return this.#versions.get(userId) as number;
  }

  /** Runs one command of a user. @throws Refusal */
  run(userId: UserId, type: string, f: Fields): unknown {
    const room = (): MemoryRoom => this.#mine(Number(f.room_id), userId);
    switch (type) {
      case 'get_me':
        return { user: this.users.get(userId) };
      case 'get_room_list':
        return this.list(userId);
      case 'get_room':
        return { room: this.#row(room(), userId) };
      case 'send_message':
        return this.send(userId, { ...f, room_id: Number(f.room_id) } as unknown as Sent);
      case 'save_draft': {
        const { reply_to } = f as { reply_to?: string };
        return this.drafts.save(
          userId,
          { ...f, room_id: room().id } as CommandFields<'save_draft'>,
          room().quote(reply_to),
        );
      }
      case 'get_drafts':
        return { drafts: this.drafts.of(userId).filter(({ room_id }) => this.rooms.get(room_id)?.members.has(userId)) };
      case 'schedule_message':
        this.#mine(Number(f.room_id), userId);
        return this.scheduled.put(userId, f as unknown as CommandFields<'schedule_message'>);
      case 'get_scheduled':
        return { scheduled: this.scheduled.of(userId) };
      case 'cancel_scheduled':
        return this.scheduled.cancel(userId, f.id as string);
      case 'create_upload':
        this.#mine(Number(f.room_id), userId);
        return this.uploads.create(userId, f);
      case 'get_upload':
        return this.uploads.get(userId, f.upload_id as string);
      case 'delete_upload':
        return this.uploads.delete(userId, f.upload_id as string);
      case 'edit_message': {
        const { content, base_seq } = f as { content: string; base_seq?: number };
        const [, before] = this.#find(f.message_id as string);
        if (before.content === content && before.sender.id === userId) return { message: before };
        if (base_seq !== undefined && base_seq !== before.rev_seq) throw new Refusal('edit_conflict');
        return this.#change(userId, f, { content, edited_at: this.#time() });
      }
      case 'delete_message': {
        const [, before] = this.#find(f.message_id as string);
        if (before.deleted) return { message: before };
        return this.#change(userId, f, { content: '', deleted: true, reactions: [], attachments: [], pinned: false });
      }
      case 'get_message_details': {
        const [of, message] = this.#find(f.message_id as string);
        if (message.deleted) throw new Refusal('message_deleted');
        return this.#mine(of.id, userId).details(message, this.users);
      }
      case 'update_room': {
        this.#update(this.#mine(room().id, userId), f as CommandFields<'update_room'>);
        return { room: this.#row(room(), userId) };
      }
      case 'add_reaction':
      case 'remove_reaction':
        return this.#react(userId, type, f);
      case 'pin_message':
      case 'unpin_message':
        return this.#pin(userId, f, type === 'pin_message');
      case 'get_pins':
        return { messages: pinsOf(room()) };
      case 'get_history':
        return room().history(f);
      case 'search': {
        const mine = [...this.rooms.values()].filter(({ members }) => members.has(userId));
        return searchRooms(f.room_id === undefined ? mine : [room()], this.users.get(userId) as User, f);
      }
      case 'get_events': {
        const { log } = room();
        const after = Number(f.after);
        return { events: log.slice(after, after + 200), seq: log.length };
      }
      case 'mark_read':
        return this.#read(room(), userId, Number(f.seq), f.threads === true);
      case 'mark_unread':
        return this.#unread(room(), userId, Number(f.seq));
      case 'get_thread': {
        const [of, root] = this.#find(f.message_id as string);
        this.threads.root(this.#mine(of.id, userId), root.id);
        const page = of.history({ ...f, of: this.threads.replies(of, root.id) });
        return { root, ...page, ...this.threads.state(of, userId, root.id) };
      }
      case 'get_threads': {
        const rooms = f.room_id === undefined ? [...this.rooms.values()] : [room()];
        const mine = rooms.filter(({ members }) => members.has(userId));
        const all = mine.flatMap((each) => this.threads.followed(each, userId));
        const unread = String(f.unread) === 'true';
        return { threads: all.filter((each) => !unread || each.unread_count > 0), has_more: false, before: null };
      }
      case 'follow_thread':
      case 'unfollow_thread':
      case 'mark_thread_read':
        return this.#thread(userId, type, f);
      case 'set_notifications': {
        const answer = this.notifications.setRoom(userId, room().id, f);
        this.tell(userId, { type: 'room_added', room: this.#row(room(), userId) });
        return answer;
      }
      case 'get_my_notifications':
      case 'set_my_notifications':
      case 'get_push_key':
      case 'subscribe_push':
      case 'test_push':
      case 'unsubscribe_push':
        return this.notifications.run(userId, type, f, this.#time());
      case 'typing':
        this.#publish(room(), { type: 'typing', room_id: room().id, user_id: userId, active: f.active === true });
        return {};
      case 'create_room': {
        const { kind, name, members = [] } = f as { kind: RoomKind; name?: string; members?: UserId[] };
        return { room: this.#row(this.createRoom([userId, ...members], kind, name), userId) };
      }
      case 'get_people': {
        const { query = '' } = f as { query?: string };
        return { people: [...this.users.values()].filter(({ username }) => username.includes(query)) };
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
    const attachments = this.uploads.claim(userId, room.id, f.attachments ?? [], f.id);
    const seq = room.head + 1;
    const message: Message = {
      id: f.id,
      room_id: room.id,
      seq,
      rev_seq: seq,
      sender: this.users.get(userId) as User,
      content: f.content,
      reply_to: room.quote(f.reply_to),
      created_at: this.#time(),
      edited_at: null,
      deleted: false,
      reactions: [],
      attachments,
      pinned: false,
      thread: f.thread ?? null,
      in_room: f.in_room ?? false,
      thread_summary: null,
      mentions: [...this.users.values()].filter((u) => f.content.includes(`@${u.username}`)).map((u) => u.id),
    };
    this.#append(room, { type: 'message_created', message });
    if (f.draft_rev !== undefined) this.drafts.sent(userId, room.id, message.thread, f.draft_rev, f.content);
    if (message.thread) {
      for (const id of this.threads.replied(room, message)) this.#tellThread(room, id, message.thread);
    }
    return { message, duplicate: false };
  }

  list(userId: UserId) {
    const rooms = [...this.rooms.values()].filter((room) => room.members.has(userId));
    return {
      rooms: rooms.map((room) => this.#row(room, userId)),
      timestamp: this.#time(),
      user_version: this.version(userId),
      epoch: this.epoch,
    };
  }

  /** Sends a user frame to every subscriber of a user. */
  tell(userId: UserId, fact: UserFact): void {
    const user_version = this.version(userId) + 1;
    this.#versions.set(userId, user_version);
    this.listeners.forEach((listener) => {
      if (listener.user.id === userId) listener.receive({ ...fact, user_version });
    });
  }

  // ── private ───────────────────────────────────────────────────────────────────────────────

  #row(room: MemoryRoom, userId: UserId): Room {
    const { thread_unread_count, thread_mention_count } = this.threads.counts(room, userId);
    return {
      ...room.row(userId, this.users),
      ...(thread_unread_count > 0 && { thread_unread_count }),
      ...(thread_mention_count > 0 && { thread_mention_count }),
      ...this.notifications.ofRoom(userId, room.id),
    };
  }

  #append(room: MemoryRoom, fact: Fact): void {
    const event = room.append(fact, this.#time());
    if (this.deafNext > 0) this.deafNext--;
    else this.#publish(room, event);
  }

  #publish(room: MemoryRoom, frame: ServerFrame): void {
    this.listeners.forEach((listener) => room.members.has(listener.user.id) && listener.receive(frame));
  }

  #change(userId: UserId, f: Fields, change: Partial<Message>): { message: Message } {
    const [room, message] = this.#find(f.message_id as string);
    this.#mine(room.id, userId);
    if (message.sender.id !== userId) throw new Refusal('forbidden');
    if (message.deleted) throw new Refusal('message_deleted');
    if (change.deleted && message.thread) this.threads.deleted(room, message, room.head + 1);
    const changed = { ...message, ...change, rev_seq: room.head + 1 };
    this.#append(room, { type: changed.deleted ? 'message_deleted' : 'message_edited', message: changed });
    return { message: changed };
  }

  #react(userId: UserId, type: 'add_reaction' | 'remove_reaction', f: Fields): { message: Message } {
    const [room, message] = this.#find(f.message_id as string);
    const emoji = f.emoji as string;
    const add = type === 'add_reaction';
    const had = message.reactions.some((reaction) => reaction.emoji === emoji && reaction.user_ids.includes(userId));
    if (had === add) return { message };
    const fact = { message_id: message.id, emoji, user_id: userId };
    this.#append(room, { type: add ? 'reaction_added' : 'reaction_removed', ...fact });
    return { message: room.messages.get(message.id) as Message };
  }

  #pin(userId: UserId, f: Fields, pinned: boolean): { message: Message } {
    const [room, message] = this.#find(f.message_id as string);
    this.#mine(room.id, userId);
    if (message.deleted) throw new Refusal('message_deleted');
    if (message.pinned === pinned) return { message };
    if (pinned && pinsOf(room).length >= PINS) throw new Refusal('invalid');
    const by = this.users.get(userId) as User;
    this.#append(room, { type: pinned ? 'message_pinned' : 'message_unpinned', message_id: message.id, by });
    return { message: room.messages.get(message.id) as Message };
  }

  #thread(userId: UserId, type: string, f: Fields): unknown {
    const [room, { id }] = this.#find(f.message_id as string);
    const root = this.threads.root(this.#mine(room.id, userId), id);
    const held = this.threads.of(userId, id);
    const before = { ...held };
    if (type === 'mark_thread_read') held.read = Math.max(held.read, Math.min(Number(f.seq), room.head));
    else if (type === 'unfollow_thread') held.following = false;
    else if (!held.following) Object.assign(held, { following: true, from: room.head });
    if (held.following !== before.following || held.read !== before.read) this.#tellThread(room, userId, id);
    const state = this.threads.state(room, userId, id);
    return type === 'mark_thread_read' ? { seq: room.head, ...state } : { thread: { root, ...state } };
  }

  #tellThread(room: MemoryRoom, userId: UserId, root: string): void {
    const state = this.threads.state(room, userId, root);
    this.tell(userId, { type: 'thread_state', room_id: room.id, root, seq: room.head, unread_from: null, ...state });
    this.tell(userId, { type: 'read_state', room_id: room.id, ...this.#readState(room, userId) });
  }

  #readState(room: MemoryRoom, userId: UserId) {
    return { seq: room.head, ...room.readBy(userId), ...this.threads.counts(room, userId) };
  }

  #read(room: MemoryRoom, userId: UserId, seq: Seq, threads: boolean) {
    const member = room.members.get(userId) as { read: Seq; unreadFrom?: Seq | undefined };
    const mark = Math.min(seq, room.head);
    const isReadOn = member.unreadFrom !== undefined && member.unreadFrom <= mark;
    const moved = mark > member.read || isReadOn;
    member.read = Math.max(member.read, mark);
    if (isReadOn) member.unreadFrom = mark < member.read ? mark + 1 : undefined;
    const clears = threads && this.threads.readAll(room, userId, Math.min(seq, room.head));
    const state = this.#readState(room, userId);
    if (moved || clears) this.tell(userId, { type: 'read_state', room_id: room.id, ...state });
    return state;
  }

  #update(room: MemoryRoom, { name, topic, shows_seen }: CommandFields<'update_room'>): void {
    room.name = name ?? room.name;
    room.topic = topic ?? room.topic;
    room.showsSeen = shows_seen ?? room.showsSeen;
    const { id, kind } = room;
    const facts = { id, kind, name: room.name, topic: room.topic, member_count: room.members.size };
    this.#append(room, { type: 'room_updated', room: { ...facts, shows_seen: room.showsSeen } });
  }

  #unread(room: MemoryRoom, userId: UserId, seq: Seq) {
    const member = room.members.get(userId) as { read: Seq; unreadFrom?: Seq | undefined };
    const before = member.unreadFrom;
    member.unreadFrom = seq <= member.read ? seq : undefined;
    const state = this.#readState(room, userId);
    if (member.unreadFrom !== before) this.tell(userId, { type: 'read_state', room_id: room.id, ...state });
    return state;
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

/** The newest pin first. */
function pinsOf({ log, messages }: MemoryRoom): Message[] {
  const ids = log.filter((event) => event.type === 'message_pinned').map((event) => event.message_id);
  return [...new Set(ids.toReversed())].map((id) => messages.get(id) as Message).filter(({ pinned }) => pinned);
}

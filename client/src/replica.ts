/**
 * What this client holds of the server's truth, and the one door by which frames change it.
 *
 * Frames of both transports come here, overlapping while one takes over from the other; cursors
 * and `user_version` make that harmless. Pure: what has to be asked for next is left in `needs`,
 * which the client takes after each batch. It knows no transport, timer or outbox.
 */
import { Cursors } from './cursors.ts';
import { Presence } from './presence.ts';
import {
  isRoomEvent,
  type Limits,
  type Message,
  type Notification,
  type ReadState,
  type Resume,
  type Room,
  type RoomEvent,
  type RoomId,
  type RoomList,
  type Seq,
  type ServerFrame,
  type ServerHello,
  type User,
  type UserFrame,
} from './protocol.ts';
import { type Counts, Rooms } from './rooms.ts';
import { applyEvent, EMPTY, type Timeline, unreadAfter } from './timeline.ts';

/** What to ask the server for, and what to tell others, after a batch of frames. */
export interface Needs {
  /** Rooms with a gap: wait a little, then `get_events`. */
  readonly repair: Set<RoomId>;
  /** Rooms whose window is worthless: fetch history. */
  readonly reload: Set<RoomId>;
  /** The room list can no longer be followed exactly. */
  refresh: boolean;
  /** Messages of this person, seen as stored. */
  readonly stored: Message[];
  readonly touched: Set<RoomId>;
}

const noNeeds = (): Needs => ({
  repair: new Set(),
  reload: new Set(),
  refresh: false,
  stored: [],
  touched: new Set(),
});

const MAX_NOTIFICATIONS = 50;

export class Replica {
  user: User | null = null;
  limits: Limits | null = null;
  notifications: readonly Notification[] = [];
  readonly rooms = new Rooms();
  readonly cursors = new Cursors();
  readonly presence = new Presence();
  readonly #timelines = new Map<RoomId, Timeline>();
  #epoch: string | null = null;
  #userVersion = 0;
  #sure = false;
  #needs = noNeeds();

  /** Where this client stands; undefined for a newcomer. */
  resume(): Resume | undefined {
    if (this.#epoch === null || !this.rooms.loaded || !this.#sure) return undefined;
    return { epoch: this.#epoch, user_version: this.#userVersion, rooms: this.cursors.toResume() };
  }

  /** The next hello may be another person's: come as a newcomer, who is told. */
  doubt(): void {
    this.#sure = false;
  }

  takeNeeds(): Needs {
    const needs = this.#needs;
    this.#needs = noNeeds();
    return needs;
  }

  timeline(roomId: RoomId): Timeline | undefined {
    return this.#timelines.get(roomId);
  }

  heldRooms(): readonly RoomId[] {
    return [...this.#timelines.keys()];
  }

  /** Hold a room's messages, change what is held, or (null) let go of them. */
  setTimeline(roomId: RoomId, timeline: Timeline | null): void {
    if (timeline === this.#timelines.get(roomId)) return;
    if (timeline) this.#timelines.set(roomId, timeline);
    else this.#timelines.delete(roomId);
    this.#needs.touched.add(roomId);
  }

  receive(frame: ServerFrame, now: number): void {
    if (isRoomEvent(frame)) return this.#event(frame, now);
    switch (frame.type) {
      case 'hello':
        return this.#hello(frame);
      case 'room_list':
        return this.list(frame);
      case 'room_added':
      case 'room_removed':
      case 'read_state':
      case 'notification':
        return this.#userFrame(frame);
      case 'room_reset':
        return this.reset(frame.room_id, frame.seq);
      case 'ping':
        for (const [roomId, head] of Object.entries(frame.heads ?? {})) this.#hear(Number(roomId), head);
        if (frame.user_version > this.#userVersion) this.#needs.refresh = true;
        return;
      case 'typing':
        if (frame.user_id !== this.user?.id) {
          this.presence.setTyping(frame.room_id, frame.user_id, frame.active, now);
        }
        return;
      case 'presence':
        return this.presence.setPresent(frame.user_id, frame.state);
      case 'caught_up':
        return this.presence.renewed();
      // These are the connection's.
      case 'ack':
      case 'error':
      case 'pong':
      case 'going_away':
        return;
      // Types of a newer server are nobody's: no default.
    }
  }

  /** The numbering that answers are given under; another one makes everything held worthless. */
  setEpoch(epoch: string): void {
    if (this.#epoch !== null && this.#epoch !== epoch) {
      this.cursors.clear();
      this.rooms.clear();
      this.#userVersion = 0;
      for (const roomId of this.#timelines.keys()) this.#needs.reload.add(roomId);
    }
    this.#epoch = epoch;
  }

  list(list: RoomList): void {
    this.setEpoch(list.epoch);
    if (list.user_version < this.#userVersion) return;
    this.#userVersion = list.user_version;
    for (const roomId of this.rooms.replace(list.rooms)) this.#drop(roomId, 'left');
    for (const room of list.rooms) this.#reach(room.id, room.seq);
  }

  /** A room as the answer to a command showed it. */
  put(room: Room): void {
    this.rooms.put(room);
    this.#reach(room.id, room.seq);
  }

  /**
   * A read mark only grows; an older one than is known says nothing. The told counts are as of the
   * server's head then, which need not be our row's seq: they are counted here where that is possible,
   * else taken for now, and the list is asked for.
   */
  setRead(roomId: RoomId, told: ReadState): void {
    const row = this.rooms.get(roomId);
    if (!row || told.read_seq < row.read_seq) return;
    const counted = this.countAfter(row, told.read_seq);
    this.rooms.setRead(row, told.read_seq, counted ?? told);
    if (!counted) this.#needs.refresh = true;
  }

  /** What is unread behind a mark, as of the row's seq; null where not all of that is held. */
  countAfter(row: Room, read_seq: Seq): Counts | null {
    if (read_seq >= row.seq) return { unread_count: 0, mention_count: 0 };
    const held = this.#timelines.get(row.id);
    return held && this.cursors.get(row.id) === row.seq ? unreadAfter(held, read_seq, this.user?.id) : null;
  }

  /** Too much was missed: begin again at `seq`. */
  reset(roomId: RoomId, seq: Seq): void {
    const next = this.cursors.jump(roomId, seq);
    if (this.#timelines.has(roomId)) this.#needs.reload.add(roomId);
    for (const event of next) this.#apply(event);
    this.#needs.refresh = true;
  }

  // ── private, in calling order ─────────────────────────────────────────────────────────────

  #hello(hello: ServerHello): void {
    if (this.user && this.user.id !== hello.user.id) this.#forgetPerson();
    this.user = hello.user;
    this.#sure = true;
    this.limits = hello.limits;
    this.setEpoch(hello.epoch);
    this.presence.renew();
  }

  #forgetPerson(): void {
    this.cursors.clear();
    this.rooms.clear();
    this.presence.clear();
    this.notifications = [];
    this.#epoch = null;
    this.#userVersion = 0;
    for (const roomId of this.heldRooms()) this.setTimeline(roomId, null);
  }

  #event(event: RoomEvent, now: number): void {
    if (event.type === 'message_created') {
      this.presence.setTyping(event.room_id, event.message.sender.id, false, now);
      // Stored is stored, whatever is still missing before it.
      if (event.message.sender.id === this.user?.id) this.#needs.stored.push(event.message);
    }
    for (const next of this.cursors.receive(event)) this.#apply(next);
    if (this.cursors.lag(event.room_id) > 0) this.#needs.repair.add(event.room_id);
  }

  #apply(event: RoomEvent): void {
    if (this.rooms.apply(event, this.user?.id)) this.#needs.refresh = true;
    const timeline = this.#timelines.get(event.room_id);
    if (timeline) this.setTimeline(event.room_id, applyEvent(timeline, event));
  }

  #userFrame(frame: UserFrame): void {
    if (frame.type === 'notification') this.#notify(frame);
    // Older than the list we hold: it is in there already.
    else if (frame.user_version >= this.#userVersion) this.#changeList(frame);
    if (frame.user_version > this.#userVersion + 1) this.#needs.refresh = true;
    this.#userVersion = Math.max(this.#userVersion, frame.user_version);
  }

  #notify(frame: Notification): void {
    const known = this.notifications.some((n) => n.user_version === frame.user_version && n.kind === frame.kind);
    if (!known) this.notifications = [...this.notifications, frame].slice(-MAX_NOTIFICATIONS);
  }

  #changeList(frame: Exclude<UserFrame, Notification>): void {
    switch (frame.type) {
      case 'room_added':
        return this.put(frame.room);
      case 'room_removed':
        this.rooms.remove(frame.room_id);
        return this.#drop(frame.room_id, frame.reason);
      case 'read_state':
        return this.setRead(frame.room_id, frame);
    }
  }

  /** Nothing of a room may be seen once one is out of it. */
  #drop(roomId: RoomId, reason: string): void {
    this.cursors.forget(roomId);
    if (!this.#timelines.has(roomId)) return;
    this.setTimeline(roomId, { ...EMPTY, error: { code: 'room_removed', detail: reason } });
  }

  /** A row was read at `seq`: without messages to keep right, that is where we stand. */
  #reach(roomId: RoomId, seq: Seq): void {
    const cursor = this.cursors.get(roomId);
    // Shown before anything was known of the room, or after a time outside: from which seq on is unsure.
    if (cursor === undefined && this.#timelines.has(roomId)) this.#needs.reload.add(roomId);
    if (cursor === undefined || (cursor < seq && !this.#timelines.has(roomId))) {
      for (const event of this.cursors.jump(roomId, seq)) this.#apply(event);
    }
    this.#hear(roomId, seq);
  }

  #hear(roomId: RoomId, head: Seq): void {
    this.cursors.hear(roomId, head);
    if (this.cursors.lag(roomId) > 0) this.#needs.repair.add(roomId);
  }
}

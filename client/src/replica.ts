/**
 * What this client holds of the server's truth, and the one door by which frames change it.
 *
 * Frames of both transports come here, overlapping while one takes over from the other; cursors
 * and `user_version` make that harmless. Pure: what has to be asked for next is left in `needs`,
 * which the client takes after each batch. It knows no transport, timer or outbox.
 */
import { createCursors, type Cursors } from './cursors.ts';
import {
  isRoomEvent,
  type Limits,
  type Message,
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
import { createRooms, type Rooms } from './rooms.ts';
import { applyEvent, EMPTY, type Timeline } from './timeline.ts';

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

export interface Replica {
  readonly user: User | null;
  readonly limits: Limits | null;
  readonly epoch: string | null;
  readonly rooms: Rooms;
  readonly cursors: Cursors;
  /** Where this client stands; undefined for a newcomer. */
  resume(): Resume | undefined;
  /** The next hello may be another person's: come as a newcomer, who is told. */
  doubt(): void;
  takeNeeds(): Needs;
  timeline(roomId: RoomId): Timeline | undefined;
  /** Whether another person is signed in so far. */
  isOther(user: User): boolean;
  /** Holds a room's messages, or (null) releases them. */
  setTimeline(roomId: RoomId, timeline: Timeline | null): void;
  /** Changes a room's messages where they are held. */
  updateTimeline(roomId: RoomId, change: (held: Timeline) => Timeline): void;
  receive(frame: ServerFrame): void;
  /** The numbering that answers are given under; another one makes everything held worthless. */
  setEpoch(epoch: string): void;
  list(list: RoomList): void;
  /** A room as the answer to a command showed it. */
  put(room: Room): void;
  /** Too much was missed: begin again at `seq`. */
  reset(roomId: RoomId, seq: Seq): void;
}

const noNeeds = (): Needs => ({
  repair: new Set(),
  reload: new Set(),
  refresh: false,
  stored: [],
  touched: new Set(),
});

export function createReplica(): Replica {
  const rooms = createRooms();
  const cursors = createCursors();
  const timelines = new Map<RoomId, Timeline>();
  let user: User | null = null;
  let limits: Limits | null = null;
  let epoch: string | null = null;
  let userVersion = 0;
  let isSure = false;
  let needs = noNeeds();

  function setTimeline(roomId: RoomId, timeline: Timeline | null): void {
    if (timeline === timelines.get(roomId)) return;
    if (timeline) timelines.set(roomId, timeline);
    else timelines.delete(roomId);
    needs.touched.add(roomId);
  }

  function updateTimeline(roomId: RoomId, change: (held: Timeline) => Timeline): void {
    const held = timelines.get(roomId);
    if (held) setTimeline(roomId, change(held));
  }

  function receive(frame: ServerFrame): void {
    if (isRoomEvent(frame)) {
      // Stored is stored, whatever is still missing before it.
      if (frame.type === 'message_created' && frame.message.sender.id === user?.id) needs.stored.push(frame.message);
      cursors.receive(frame).forEach(apply);
      return look(frame.room_id);
    }
    switch (frame.type) {
      case 'hello':
        return greet(frame);
      case 'room_list':
        return list(frame);
      case 'room_added':
      case 'room_removed':
      case 'read_state':
      case 'notification':
        return changeList(frame);
      case 'room_reset':
        return reset(frame.room_id, frame.seq);
      case 'room_heads':
        // Rooms that the resume did not name moved. What is shown is repaired, the others' rows come with the list.
        for (const [id, head] of Object.entries(frame.heads)) {
          if (timelines.has(+id)) hear(+id, head);
          else if (cursors.get(+id) !== undefined) cursors.jump(+id, head);
        }
        needs.refresh = true;
        return;
      case 'ping':
        for (const [roomId, head] of Object.entries(frame.heads ?? {})) hear(+roomId, head);
        if (frame.user_version > userVersion) needs.refresh = true;
        return;
      default:
      // The connection's, a feature's, or nobody's: types of a newer server.
    }
  }

  const isOther = ({ id }: User): boolean => user !== null && user.id !== id;

  function greet(hello: ServerHello): void {
    if (isOther(hello.user)) {
      for (const roomId of timelines.keys()) setTimeline(roomId, null);
      restart();
    }
    ({ user, limits } = hello);
    isSure = true;
    setEpoch(hello.epoch);
  }

  function setEpoch(told: string): void {
    if (epoch !== null && epoch !== told) {
      restart();
      for (const roomId of timelines.keys()) needs.reload.add(roomId);
    }
    epoch = told;
  }

  function restart(): void {
    cursors.clear();
    rooms.clear();
    epoch = null;
    userVersion = 0;
  }

  function list(told: RoomList): void {
    setEpoch(told.epoch);
    if (told.user_version < userVersion) return;
    userVersion = told.user_version;
    for (const roomId of rooms.replace(told.rooms)) drop(roomId, 'left');
    told.rooms.forEach(reach);
  }

  function put(room: Room): void {
    rooms.put(room);
    reach(room);
  }

  function changeList(frame: UserFrame): void {
    const { type, user_version } = frame;
    // Older than the list we hold: it is in there already.
    if (user_version >= userVersion) {
      if (type === 'room_added') put(frame.room);
      else if (type === 'read_state') needs.refresh ||= rooms.following.read(frame);
      else if (type === 'room_removed') {
        rooms.remove(frame.room_id);
        drop(frame.room_id, frame.reason);
      }
    }
    if (user_version > userVersion + 1) needs.refresh = true;
    userVersion = Math.max(userVersion, user_version);
  }

  function reset(roomId: RoomId, seq: Seq): void {
    updateTimeline(roomId, (held) => {
      needs.reload.add(roomId);
      // Until the page is there nothing is shown behind the hole.
      return { ...held, hasNewer: true };
    });
    cursors.jump(roomId, seq).forEach(apply);
    needs.refresh = true;
  }

  function apply(event: RoomEvent): void {
    if (rooms.apply(event)) needs.refresh = true;
    updateTimeline(event.room_id, (held) => applyEvent(held, event));
  }

  /** Nothing of a room may be seen once one is out of it. */
  function drop(roomId: RoomId, reason: string): void {
    cursors.forget(roomId);
    updateTimeline(roomId, () => ({ ...EMPTY, error: { code: 'room_removed', detail: reason } }));
  }

  /** A row was read at `seq`: without messages to keep right, that is where we stand. */
  function reach({ id, seq }: Room): void {
    const cursor = cursors.get(id);
    const isHeld = timelines.has(id);
    // Shown before anything was known of the room, or after a time outside: from which seq on is unsure.
    if (cursor === undefined && isHeld) needs.reload.add(id);
    if (cursor === undefined || (cursor < seq && !isHeld)) cursors.jump(id, seq).forEach(apply);
    hear(id, seq);
  }

  function hear(roomId: RoomId, head: Seq): void {
    cursors.hear(roomId, head);
    look(roomId);
  }

  function look(roomId: RoomId): void {
    if (cursors.lag(roomId) > 0) needs.repair.add(roomId);
  }

  return {
    get user() {
      return user;
    },
    get limits() {
      return limits;
    },
    get epoch() {
      return epoch;
    },
    rooms,
    cursors,
    resume: () =>
      epoch !== null && rooms.loaded && isSure
        ? { epoch, user_version: userVersion, ...cursors.toResume(limits?.resume_rooms, rooms.list) }
        : undefined,
    doubt() {
      isSure = false;
    },
    takeNeeds() {
      const taken = needs;
      needs = noNeeds();
      return taken;
    },
    timeline: (roomId) => timelines.get(roomId),
    isOther,
    setTimeline,
    updateTimeline,
    receive,
    setEpoch,
    list,
    put,
    reset,
  };
}

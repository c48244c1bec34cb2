/**
 * This client's copy of the server's state; all frames are applied here.
 *
 * Frames of both transports may overlap while one takes over from the other; cursors and `user_version`
 * make that harmless. Pure: what has to be requested next is collected in `needs`, which the client
 * takes after each batch. It knows no transport, timer or outbox.
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

/** What to request from the server, and which listeners to notify, after a batch of frames. */
export interface Needs {
  /** Rooms with a gap: wait `GAP_MS`, then `get_events`. */
  readonly repair: Set<RoomId>;
  /** Rooms whose window is invalid: fetch history. */
  readonly reload: Set<RoomId>;
  /** The room list can no longer be followed exactly: fetch it. */
  refresh: boolean;
  /** Messages of this person that the server has. */
  readonly stored: Message[];
  readonly touched: Set<RoomId>;
}

export interface Replica {
  readonly user: User | null;
  readonly limits: Limits | null;
  readonly epoch: string | null;
  readonly rooms: Rooms;
  readonly cursors: Cursors;
  /** The cursors of this client; undefined for a first connection. */
  resume(): Resume | undefined;
  /** The next hello may be another person's: do not resume until it has come. */
  doubt(): void;
  takeNeeds(): Needs;
  timeline(roomId: RoomId): Timeline | undefined;
  /** Whether the state is another person's. */
  isOther(user: User): boolean;
  /** Holds a room's messages, or (null) releases them. */
  setTimeline(roomId: RoomId, timeline: Timeline | null): void;
  /** Changes a room's messages where they are held. */
  updateTimeline(roomId: RoomId, change: (held: Timeline) => Timeline): void;
  receive(frame: ServerFrame): void;
  /** The epoch of the server's answers; another one invalidates everything that is held. */
  setEpoch(epoch: string): void;
  list(list: RoomList): void;
  /** Applies a room of a command's answer. */
  put(room: Room): void;
  /** Too much was missed: continue from `seq`, and reload. */
  reset(roomId: RoomId, seq: Seq): void;
}

const noNeeds = (): Needs => ({
  repair: new Set(),
  reload: new Set(),
  refresh: false,
  stored: [],
  touched: new Set(),
});

/** @param onFrame called with every frame before it is applied, also with events that repair a gap. */
export function createReplica(onFrame: readonly ((frame: ServerFrame) => void)[]): Replica {
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
    onFrame.forEach((handle) => handle(frame));
    if (isRoomEvent(frame)) {
      // The message is stored, even if events before it are missing.
      if (frame.type === 'message_created' && frame.message.sender.id === user?.id) needs.stored.push(frame.message);
      cursors.receive(frame).forEach(apply);
      return checkGap(frame.room_id);
    }
    switch (frame.type) {
      case 'hello':
        return greet(frame);
      case 'room_list':
        return list(frame);
      case 'room_reset':
        return reset(frame.room_id, frame.seq);
      case 'room_heads':
        // Rooms that the resume did not name have new events: repair those that are held, fetch the list for the others.
        for (const [id, head] of Object.entries(frame.heads)) {
          if (timelines.has(+id)) raiseHead(+id, head);
          else if (cursors.get(+id) !== undefined) cursors.jump(+id, head);
        }
        needs.refresh = true;
        return;
      case 'ping':
        for (const [roomId, head] of Object.entries(frame.heads ?? {})) raiseHead(+roomId, head);
        if (frame.user_version > userVersion) needs.refresh = true;
        return;
      default:
        // A frame of the user's own sequence counts in it, also of a type that is not known yet. Everything else is handled by the
        // connection or a feature.
        if ('user_version' in frame) changeList(frame);
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

  function setEpoch(current: string): void {
    if (epoch !== null && epoch !== current) {
      restart();
      for (const roomId of timelines.keys()) needs.reload.add(roomId);
    }
    epoch = current;
  }

  function restart(): void {
    cursors.clear();
    rooms.clear();
    epoch = null;
    userVersion = 0;
  }

  function list(fetched: RoomList): void {
    setEpoch(fetched.epoch);
    if (fetched.user_version < userVersion) return;
    userVersion = fetched.user_version;
    for (const roomId of rooms.replace(fetched.rooms)) drop(roomId, 'left');
    fetched.rooms.forEach(reach);
  }

  function put(room: Room): void {
    rooms.put(room);
    reach(room);
  }

  function changeList(frame: UserFrame): void {
    const { type, user_version } = frame;
    // Older than the list that is held, which includes it.
    if (user_version >= userVersion) {
      if (type === 'room_added') put(frame.room);
      else if (type === 'read_state') needs.refresh ||= rooms.rules.read(frame);
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
      // Until the page is loaded nothing is shown after the gap.
      return { ...held, hasNewer: true };
    });
    cursors.jump(roomId, seq).forEach(apply);
    needs.refresh = true;
  }

  function apply(event: RoomEvent): void {
    if (rooms.apply(event)) needs.refresh = true;
    updateTimeline(event.room_id, (held) => applyEvent(held, event));
  }

  /** A room's messages are not shown to a former member. */
  function drop(roomId: RoomId, reason: string): void {
    cursors.forget(roomId);
    updateTimeline(roomId, () => ({ ...EMPTY, error: { code: 'room_removed', detail: reason } }));
  }

  /** A row is as of its `seq`: where no messages are held, that is the cursor. */
  function reach({ id, seq }: Room): void {
    const cursor = cursors.get(id);
    const isHeld = timelines.has(id);
    // Held before the room was known, or after an absence: the window may have a gap.
    if (cursor === undefined && isHeld) needs.reload.add(id);
    if (cursor === undefined || (cursor < seq && !isHeld)) cursors.jump(id, seq).forEach(apply);
    raiseHead(id, seq);
  }

  function raiseHead(roomId: RoomId, head: Seq): void {
    cursors.raiseHead(roomId, head);
    checkGap(roomId);
  }

  function checkGap(roomId: RoomId): void {
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

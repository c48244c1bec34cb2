/**
 * Where this client stands in each room's log, and the one rule by which events are let in:
 * cursor + 1 is applied, lower is dropped, higher waits until the gap before it is filled.
 *
 * Frames of two transports may overlap while one takes over from the other; this gate is what makes
 * that harmless. Pure: it keeps no timer (the caller waits 200 ms, then asks for `get_events`).
 */
import type { Resume, RoomEvent, RoomId, Seq } from './protocol.ts';

interface Position {
  seq: Seq;
  /** The highest seq heard of. */
  head: Seq;
  /** Events beyond a gap, by seq. */
  readonly ahead: Map<Seq, RoomEvent>;
}

export interface Cursors {
  get(roomId: RoomId): Seq | undefined;
  /** Begin (or go on) at a seq known from elsewhere; returns what waited for exactly that. */
  jump(roomId: RoomId, seq: Seq): readonly RoomEvent[];
  forget(roomId: RoomId): void;
  clear(): void;
  /** The events that may be applied now, in order; of rooms not held, none. */
  receive(event: RoomEvent): readonly RoomEvent[];
  /** The server's head of a room, from a heartbeat or a list. */
  hear(roomId: RoomId, head: Seq): void;
  /** How many events are known to be missing or waiting. */
  lag(roomId: RoomId): number;
  /** All cursors; where there are more than `most`, those of the `first` rooms, and what all others add up to. */
  toResume(most?: number, first?: readonly { id: RoomId }[]): Pick<Resume, 'rooms' | 'others'>;
}

/** Beyond this a gap is not waited for with everything in memory: `get_events` brings it again. */
const MAX_AHEAD = 500;

export function createCursors(): Cursors {
  const rooms = new Map<RoomId, Position>();

  function hear(roomId: RoomId, head: Seq): Position | undefined {
    const position = rooms.get(roomId);
    if (position) position.head = Math.max(position.head, head);
    return position;
  }

  return {
    get: (roomId) => rooms.get(roomId)?.seq,
    jump(roomId, seq) {
      const position = hear(roomId, seq) ?? { seq, head: seq, ahead: new Map<Seq, RoomEvent>() };
      rooms.set(roomId, position);
      position.seq = seq;
      for (const early of position.ahead.keys()) if (early <= seq) position.ahead.delete(early);
      return drain(position);
    },
    forget: (roomId) => void rooms.delete(roomId),
    clear: () => rooms.clear(),
    receive(event) {
      const { room_id, seq } = event;
      const position = hear(room_id, seq);
      if (!position || seq <= position.seq) return [];
      if (seq > position.seq + 1 && position.ahead.size >= MAX_AHEAD) return [];
      position.ahead.set(seq, event);
      return drain(position);
    },
    hear,
    lag(roomId) {
      const position = rooms.get(roomId);
      return position ? position.head - position.seq : 0;
    },
    toResume(most = Infinity, first = []) {
      const named = rooms.size > most ? new Set(first.slice(0, most).map(({ id }) => id)) : rooms;
      const given: Record<RoomId, Seq> = {};
      let others = 0;
      for (const [id, { seq }] of rooms) {
        if (named.has(id)) given[id] = seq;
        else others += seq;
      }
      return { rooms: given, ...(named !== rooms && { others }) };
    },
  };
}

function drain(position: Position): RoomEvent[] {
  const ready: RoomEvent[] = [];
  for (;;) {
    const event = position.ahead.get(position.seq + 1);
    if (!event) return ready;
    position.ahead.delete(++position.seq);
    ready.push(event);
  }
}

/**
 * The cursor of each room's log, and the rule by which events are applied: the event at cursor + 1 is
 * applied, a lower one is dropped, a higher one waits until the gap before it is filled.
 *
 * This makes it harmless that frames of two transports overlap while one takes over from the other.
 * Pure: it keeps no timer (the caller waits 200 ms, then requests `get_events`).
 */
import type { Resume, RoomEvent, RoomId, Seq } from './protocol.ts';

interface Position {
  seq: Seq;
  /** The highest seq that is known to exist. */
  head: Seq;
  /** Events after a gap, by seq. */
  readonly ahead: Map<Seq, RoomEvent>;
}

export interface Cursors {
  get(roomId: RoomId): Seq | undefined;
  /** Moves the cursor to a seq known from elsewhere; returns the waiting events that follow it. */
  jump(roomId: RoomId, seq: Seq): readonly RoomEvent[];
  forget(roomId: RoomId): void;
  clear(): void;
  /** The events that may be applied now, in order; none for rooms without a cursor. */
  receive(event: RoomEvent): readonly RoomEvent[];
  /** Records the server's head of a room, from a heartbeat or a list. */
  raiseHead(roomId: RoomId, head: Seq): void;
  /** How many events are known to be missing or waiting. */
  lag(roomId: RoomId): number;
  /** All cursors; where there are more than `most`, those of the `first` rooms, and the sum of all others. */
  toResume(most?: number, first?: readonly { id: RoomId }[]): Pick<Resume, 'rooms' | 'others'>;
}

/** With more events waiting than this, further ones are dropped: `get_events` brings them again. */
const MAX_AHEAD = 500;

export function createCursors(): Cursors {
  const rooms = new Map<RoomId, Position>();

  function raiseHead(roomId: RoomId, head: Seq): Position | undefined {
    const position = rooms.get(roomId);
    if (position) position.head = Math.max(position.head, head);
    return position;
  }

  return {
    get: (roomId) => rooms.get(roomId)?.seq,
    jump(roomId, seq) {
      const position = raiseHead(roomId, seq) ?? { seq, head: seq, ahead: new Map<Seq, RoomEvent>() };
      rooms.set(roomId, position);
      position.seq = seq;
      for (const early of position.ahead.keys()) if (early <= seq) position.ahead.delete(early);
      return drain(position);
    },
    forget: (roomId) => void rooms.delete(roomId),
    clear: () => rooms.clear(),
    receive(event) {
      const { room_id, seq } = event;
      const position = raiseHead(room_id, seq);
      if (!position || seq <= position.seq) return [];
      if (seq > position.seq + 1 && position.ahead.size >= MAX_AHEAD) return [];
      position.ahead.set(seq, event);
      return drain(position);
    },
    raiseHead,
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

/**
 * Where this client stands in each room's log, and the one rule by which events are let in:
 * cursor + 1 is applied, lower is dropped, higher waits until the gap before it is filled.
 *
 * Frames of two transports may overlap while one takes over from the other; this gate is what makes
 * that harmless. Pure: it keeps no timer (the caller waits 200 ms, then asks for `get_events`).
 */
import type { RoomEvent, RoomId, Seq } from './protocol.ts';

interface Position {
  seq: Seq;
  /** The highest seq heard of. */
  head: Seq;
  /** Events beyond a gap, by seq. */
  readonly ahead: Map<Seq, RoomEvent>;
}

/** Beyond this a gap is not waited for with everything in memory: `get_events` brings it again. */
const MAX_AHEAD = 500;

export class Cursors {
  readonly #rooms = new Map<RoomId, Position>();

  get(roomId: RoomId): Seq | undefined {
    return this.#rooms.get(roomId)?.seq;
  }

  /** Begin (or go on) at a seq known from elsewhere; returns what waited for exactly that. */
  jump(roomId: RoomId, seq: Seq): readonly RoomEvent[] {
    const position = this.#rooms.get(roomId) ?? { seq, head: seq, ahead: new Map<Seq, RoomEvent>() };
    this.#rooms.set(roomId, position);
    position.seq = seq;
    position.head = Math.max(position.head, seq);
    for (const early of position.ahead.keys()) if (early <= seq) position.ahead.delete(early);
    return drain(position);
  }

  forget(roomId: RoomId): void {
    this.#rooms.delete(roomId);
  }

  clear(): void {
    this.#rooms.clear();
  }

  /** The events that may be applied now, in order; of rooms not held, none. */
  receive(event: RoomEvent): readonly RoomEvent[] {
    const position = this.#rooms.get(event.room_id);
    if (!position || event.seq <= position.seq) return [];
    position.head = Math.max(position.head, event.seq);
    if (event.seq > position.seq + 1 && position.ahead.size >= MAX_AHEAD) return [];
    position.ahead.set(event.seq, event);
    return drain(position);
  }

  /** The server's head of a room, from a heartbeat or a list. */
  hear(roomId: RoomId, head: Seq): void {
    const position = this.#rooms.get(roomId);
    if (position && head > position.head) position.head = head;
  }

  /** How many events are known to be missing or waiting. */
  lag(roomId: RoomId): number {
    const position = this.#rooms.get(roomId);
    return position ? position.head - position.seq : 0;
  }

  toResume(): Record<RoomId, Seq> {
    return Object.fromEntries([...this.#rooms].map(([id, position]) => [id, position.seq]));
  }
}

function drain(position: Position): RoomEvent[] {
  const ready: RoomEvent[] = [];
  for (let event = position.ahead.get(position.seq + 1); event; event = position.ahead.get(position.seq + 1)) {
    position.ahead.delete(event.seq);
    position.seq = event.seq;
    ready.push(event);
  }
  return ready;
}

/**
 * The room list of one person.
 *
 * A row is as of its own `seq` (a list may be fetched ahead of the events), so an event is applied only
 * if it is newer than the row. `RowRules` say how a row changes with events: the core's rules fetch the
 * list again, those of exactRows.ts update the row. Pure: the caller passes everything in.
 */
import type { LastMessage, ReadStateChanged, Room, RoomEvent, RoomId } from './protocol.ts';

/** How rows change. True means that the row is no longer exact, and the list has to be fetched. */
export interface RowRules {
  /** An event that is newer than the row. */
  event(row: Room, event: RoomEvent): readonly [Room, boolean];
  /** The read mark moved, here or on another device. */
  read(mark: ReadStateChanged): boolean;
  /** Combines a fetched row with the one that is held. */
  merge(held: Room, fetched: Room): Room;
}

const REFETCH: RowRules = {
  event: (row) => [row, true],
  read: () => true,
  merge: (held, fetched) => (fetched.seq < held.seq ? held : fetched),
};

export interface Rooms {
  rules: RowRules;
  readonly loaded: boolean;
  /** Newest activity first; the same array until a row changes. */
  readonly list: readonly Room[];
  get(roomId: RoomId): Room | undefined;
  /** Replaces the whole list; returns the ids that are gone. */
  replace(rooms: readonly Room[]): readonly RoomId[];
  put(room: Room): void;
  /** Sets a row as it is, without the rules. */
  set(room: Room): void;
  remove(roomId: RoomId): void;
  clear(): void;
  /** Applies an event to its row. True where the row is no longer exact. */
  apply(event: RoomEvent): boolean;
}

export function createRooms(): Rooms {
  const rows = new Map<RoomId, Room>();
  let list: readonly Room[] | null = null;
  let loaded = false;

  function set(room: Room): void {
    if (JSON.stringify(rows.get(room.id)) === JSON.stringify(room)) return;
    rows.set(room.id, room);
    list = null;
  }

  function put(room: Room): void {
    const held = rows.get(room.id);
    set(held ? rooms.rules.merge(held, room) : room);
  }

  function remove(roomId: RoomId): void {
    if (rows.delete(roomId)) list = null;
  }

  const rooms: Rooms = {
    rules: REFETCH,
    get loaded() {
      return loaded;
    },
    get list() {
      list ??= [...rows.values()]
        .map((room) => ({ room, at: activity(room.last_message) }))
        .sort((a, b) => b.at - a.at || b.room.id - a.room.id)
        .map(({ room }) => room);
      return list;
    },
    get: (roomId) => rows.get(roomId),
    replace(fetched) {
      const gone = [...rows.keys()].filter((id) => !fetched.some((room) => room.id === id));
      gone.forEach(remove);
      fetched.forEach(put);
      loaded = true;
      return gone;
    },
    put,
    set,
    remove,
    clear() {
      rows.clear();
      list = null;
      loaded = false;
    },
    apply(event) {
      const row = rows.get(event.room_id);
      if (!row || event.seq <= row.seq) return false;
      const [next, isLost] = rooms.rules.event(row, event);
      set(next);
      return isLost;
    },
  };
  return rooms;
}

const activity = (last: LastMessage | null): number => (last ? Date.parse(last.timestamp) : 0);

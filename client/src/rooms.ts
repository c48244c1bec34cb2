/**
 * The room list of one person, as the server told it last.
 *
 * A row is as of its own `seq` (a list may be fetched ahead of the events), so an event counts only
 * if it is newer than the row. How a row follows events is a `Following`: the core's asks the server
 * anew, `exactRows.ts` counts along. Sets nothing in motion; the caller passes everything in.
 */
import type { LastMessage, ReadStateChanged, Room, RoomEvent, RoomId } from './protocol.ts';

/** How rows are kept right. What returns true could not follow: the list has to be asked for. */
export interface Following {
  /** An event that is newer than the row. */
  event(row: Room, event: RoomEvent): readonly [Room, boolean];
  /** Something was read, here or elsewhere. */
  read(told: ReadStateChanged): boolean;
  /** A fetched row over the one that is held. */
  merge(held: Room, fetched: Room): Room;
}

const ASKING: Following = {
  event: (row) => [row, true],
  read: () => true,
  merge: (held, fetched) => (fetched.seq < held.seq ? held : fetched),
};

export interface Rooms {
  following: Following;
  readonly loaded: boolean;
  /** Newest activity first; the same array until a row changes. */
  readonly list: readonly Room[];
  get(roomId: RoomId): Room | undefined;
  /** The whole list; returns the ids that are gone. */
  replace(rooms: readonly Room[]): readonly RoomId[];
  put(room: Room): void;
  /** As it is, without asking how it follows. */
  set(room: Room): void;
  remove(roomId: RoomId): void;
  clear(): void;
  /** Returns true where the row can no longer be followed exactly. */
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
    set(held ? rooms.following.merge(held, room) : room);
  }

  function remove(roomId: RoomId): void {
    if (rows.delete(roomId)) list = null;
  }

  const rooms: Rooms = {
    following: ASKING,
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
      const [next, isLost] = rooms.following.event(row, event);
      set(next);
      return isLost;
    },
  };
  return rooms;
}

const activity = (last: LastMessage | null): number => (last ? Date.parse(last.timestamp) : 0);

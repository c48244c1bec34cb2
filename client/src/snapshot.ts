/**
 * The immutable views an app renders: built on request, the same object while nothing changed.
 */
import type { Driver } from './connection/driver.ts';
import type { Outbox } from './outbox.ts';
import type { RoomId } from './protocol.ts';
import type { Replica } from './replica.ts';
import { EMPTY } from './timeline.ts';
import type { CoreSnapshot, CoreTimelineView } from './types.ts';

export function snapshotBuilder(driver: Driver, replica: Replica, outbox: Outbox): () => CoreSnapshot {
  const keep = keepIdentity<CoreSnapshot>();
  return () => {
    const { user, limits, rooms } = replica;
    const counts = rooms.list
      .filter((room) => room.unread_count > 0)
      .map((room) => [room.id, room.unread_count] as const);
    return keep({
      connection: { ...driver.connection, waiting: outbox.state.waiting },
      user,
      limits,
      rooms: rooms.list,
      roomsLoaded: rooms.loaded,
      unreadCounts: Object.fromEntries(counts),
      totalUnreadCount: counts.reduce((sum, [, count]) => sum + count, 0),
      outbox: outbox.state,
    });
  };
}

export function timelineViewer(replica: Replica, outbox: Outbox): (roomId: RoomId) => CoreTimelineView {
  const keep = keepIdentity<CoreTimelineView>();
  return (roomId) => {
    const { messages, hasOlder, hasNewer, error, load } = replica.timeline(roomId) ?? EMPTY;
    const pending = outbox.pending(roomId);
    return keep({ roomId, messages, pending, hasOlder, hasNewer, loading: load?.kind ?? null, error }, roomId);
  };
}

/**
 * Gives a fresh object the identities of the one before (of that key): the whole where nothing changed, else each member
 * that did not, compared two levels deep.
 */
export function keepIdentity<T extends object>(): (fresh: T, key?: unknown) => T {
  const kept = new Map<unknown, T>();
  return (fresh, key) => {
    const value = share(kept.get(key), fresh, 2) as T;
    kept.set(key, value);
    return value;
  };
}

type Parts = Record<string, unknown>;

/** The held value where the fresh one equals it, down to so many levels; else the fresh one, with the parts that are equal. */
function share(held: unknown, fresh: unknown, depth: number): unknown {
  if (depth === 0 || !held || !fresh || typeof fresh !== 'object') return fresh;
  const before = held as Parts;
  const after = fresh as Parts;
  const names = Object.keys(after);
  for (const name of names) after[name] = share(before[name], after[name], depth - 1);
  // Changes with every frame; a new value alone is no change.
  const isSame = names.every((name) => after[name] === before[name] || name === 'lastHeardAt');
  return isSame && names.length === Object.keys(before).length ? before : after;
}

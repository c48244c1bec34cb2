/**
 * The immutable pictures an app renders: built when asked for, the same object while nothing changed.
 */
import type { Driver } from './connection/driver.ts';
import type { Outbox } from './outbox.ts';
import type { RoomId } from './protocol.ts';
import type { Replica } from './replica.ts';
import { EMPTY } from './timeline.ts';
import type { CoreSnapshot, CoreTimelineView } from './types.ts';

export function snapshotBuilder(driver: Driver, replica: Replica, outbox: Outbox): () => CoreSnapshot {
  const picture = keeper<CoreSnapshot>();
  // When something was last heard changes with every frame, and is news only with the rest.
  const connection = keeper<CoreSnapshot['connection']>('lastHeardAt');
  const state = keeper<CoreSnapshot['outbox']>();
  const unread = keeper<CoreSnapshot['unreadCounts']>();
  return () => {
    const { user, limits, rooms } = replica;
    const counts = rooms.list
      .filter((room) => room.unread_count > 0)
      .map((room) => [room.id, room.unread_count] as const);
    return picture({
      connection: connection({ ...driver.connection, waiting: outbox.state.waiting }),
      user,
      limits,
      rooms: rooms.list,
      roomsLoaded: rooms.loaded,
      unreadCounts: unread(Object.fromEntries(counts)),
      totalUnreadCount: counts.reduce((sum, [, count]) => sum + count, 0),
      outbox: state(outbox.state),
    });
  };
}

export function timelineViewer(replica: Replica, outbox: Outbox): (roomId: RoomId) => CoreTimelineView {
  const keep = keeper<CoreTimelineView>();
  return (roomId) => {
    const { messages, hasOlder, hasNewer, error, load } = replica.timeline(roomId) ?? EMPTY;
    const pending = outbox.pending(roomId);
    return keep({ roomId, messages, pending, hasOlder, hasNewer, loading: load?.kind ?? null, error }, roomId);
  };
}

/**
 * Returns the previous object of that key while every member (except one) is the same as in the fresh one, so that what
 * did not change keeps its identity.
 */
export function keeper<T extends object>(except?: keyof T): (fresh: T, key?: unknown) => T {
  const kept = new Map<unknown, T>();
  return (fresh, key) => {
    const held = kept.get(key);
    const names = Object.keys(fresh) as (keyof T)[];
    const isSame =
      held &&
      names.length === Object.keys(held).length &&
      names.every((name) => name === except || Object.is(held[name], fresh[name]));
    if (isSame) return held;
    kept.set(key, fresh);
    return fresh;
  };
}

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
  const keepers = new Map<RoomId, (view: CoreTimelineView) => CoreTimelineView>();
  return (roomId) => {
    const { messages, hasOlder, hasNewer, error, load } = replica.timeline(roomId) ?? EMPTY;
    const keep = keepers.get(roomId) ?? keeper();
    keepers.set(roomId, keep);
    const pending = outbox.pending(roomId);
    return keep({ roomId, messages, pending, hasOlder, hasNewer, loading: load?.kind ?? null, error });
  };
}

/** Gives the object before, where every member (but one) is the same in the fresh one. */
export function keeper<T extends object>(but?: keyof T): (fresh: T) => T {
  let kept: T | undefined;
  return (fresh) => {
    const keys = Object.keys(fresh) as (keyof T)[];
    const isSame =
      kept !== undefined &&
      keys.length === Object.keys(kept).length &&
      keys.every((key) => key === but || Object.is(kept?.[key], fresh[key]));
    kept = isSame ? kept : fresh;
    return kept as T;
  };
}

/**
 * The immutable pictures an app renders: built when asked for, the same object while nothing changed.
 */
import type { Driver } from './connection/driver.ts';
import type { Outbox } from './outbox.ts';
import type { RoomId } from './protocol.ts';
import type { Replica } from './replica.ts';
import { EMPTY, type Timeline } from './timeline.ts';
import type { PendingMessage, Snapshot, TimelineView } from './types.ts';

export function snapshotBuilder(driver: Driver, replica: Replica, outbox: Outbox): () => Snapshot {
  let last: Snapshot | undefined;
  let total: { readonly counts: Snapshot['unreadCounts']; readonly sum: number } | undefined;
  return () => {
    const { rooms, presence } = replica;
    const unreadCounts = rooms.unreadCounts;
    if (total?.counts !== unreadCounts) {
      total = { counts: unreadCounts, sum: Object.values(unreadCounts).reduce((sum, count) => sum + count, 0) };
    }
    const state = outbox.state;
    const connection = { ...driver.connection, waiting: state.waiting };
    const now: Snapshot = {
      // When something was last heard changes with every frame, and is news only with the rest.
      connection: keep(last?.connection, connection, 'lastHeardAt'),
      user: replica.user,
      limits: replica.limits,
      rooms: rooms.list,
      roomsLoaded: rooms.loaded,
      unreadCounts,
      totalUnreadCount: total.sum,
      presence: presence.present,
      typing: presence.typing,
      notifications: replica.notifications,
      outbox: keep(last?.outbox, state),
    };
    last = keep(last, now);
    return last;
  };
}

export function timelineViewer(replica: Replica, outbox: Outbox): (roomId: RoomId) => TimelineView {
  const views = new Map<RoomId, { timeline: Timeline; pending: readonly PendingMessage[]; view: TimelineView }>();
  return (roomId) => {
    const timeline = replica.timeline(roomId) ?? EMPTY;
    const pending = outbox.pending(roomId);
    const cached = views.get(roomId);
    if (cached?.timeline === timeline && cached.pending === pending) return cached.view;
    const { messages, hasOlder, hasNewer, error, firstUnreadSeq, load } = timeline;
    const loading = load?.kind ?? null;
    const next = { roomId, messages, pending, hasOlder, hasNewer, loading, error, firstUnreadSeq };
    const view = keep(cached?.view, next);
    views.set(roomId, { timeline, pending, view });
    return view;
  };
}

/** The old object where every member (but one) is the same, else the new. */
function keep<T extends object>(old: T | undefined, fresh: T, but?: keyof T): T {
  const keys = Object.keys(fresh) as (keyof T)[];
  return old && keys.every((key) => key === but || Object.is(old[key], fresh[key])) ? old : fresh;
}

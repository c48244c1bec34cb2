/**
 * Marking a room as unread from a message on, until the person comes back to it.
 *
 * Theory. The server keeps `unread_from` beside the read mark, which never goes down. Its counts are taken as they are: what is unread from
 * there on may have been read in a thread, which only the server knows. An app marks what is in view as read, so a room that is open would be
 * read again at once: while a mark that came, from here or another device, is `fresh`, `markRead` does nothing there. `resumeReading` ends that:
 * with each visit of the room, and where another device set the mark, also when the person comes back to the window that shows it.
 *
 * It wraps what `withReading` gives: compose it after that.
 */
import type { Core } from '../core.ts';
import type { ChatError } from '../errors.ts';
import type { ReadStateChanged, Room, RoomEvent, RoomId, Seq } from '../protocol.ts';
import { keepIdentity } from '../snapshot.ts';
import type { Chat, TimelineView } from '../types.ts';
import { checkOnline } from './commands.ts';
import { beginsAt, isAfter } from './exactRows.ts';

export interface UnreadChat {
  /**
   * Marks the room as unread from the message `seq` on, on all devices. `firstUnreadSeq` of its view follows.
   * @throws ChatError `offline` while no transport works.
   */
  markUnread(roomId: RoomId, seq: Seq): Promise<void>;
  /**
   * The person came to the room (call it before `openRoom`), or with `isVisit` false to the window that shows it: what they see is
   * marked as read again.
   */
  resumeReading(roomId: RoomId, isVisit?: boolean): void;
}

/** As for the read mark: one command for all that is scrolled through. */
const BATCH_MS = 300;
const RETRY_MS = 5_000;

/** Adds `markUnread` and `resumeReading`; `markRead` reads what is marked as unread as well. */
export function withUnread(core: Core): UnreadChat & Pick<Chat, 'getTimeline' | 'markRead'> {
  const { env, flush, refreshSoon, replica, routes, run, touch } = core;
  const { getTimeline, markRead } = core.chat as Chat;
  const { rooms } = replica;
  const base = rooms.rules;
  const keep = keepIdentity<TimelineView>();
  /** Which marks came while the person may look at the room, and from where. */
  const fresh = new Map<RoomId, 'here' | 'elsewhere'>();
  /** Where the unread messages of a room began when they were marked, or when it was visited. */
  const shownFrom = new Map<RoomId, Seq>();
  /** Read here, not yet known to the server. */
  const due = new Map<RoomId, Seq>();
  const busy = new Set<RoomId>();

  routes.mark_unread = 'PUT /api/rooms/{room_id}/unread';

  rooms.rules = {
    event(row, event) {
      const [next, isLost] = base.event(row, event);
      return [next, isLost || isDeletionOfUnread(row, event)];
    },
    read(mark) {
      const row = rooms.get(mark.room_id);
      // An older server leaves it out.
      const unread_from = mark.unread_from ?? null;
      if (!row || mark.read_seq < row.read_seq) return base.read(mark);
      if (unread_from === null) {
        fresh.delete(row.id);
        rooms.set(withoutMark(row));
        return base.read(mark);
      }
      // A mark that only moved on was read elsewhere.
      if (unread_from < (row.unread_from ?? Number.POSITIVE_INFINITY)) begin(row.id, unread_from, 'elsewhere');
      const { read_seq, unread_count, mention_count } = mark;
      rooms.set({ ...row, read_seq, unread_count, mention_count, unread_from });
      return mark.seq !== row.seq;
    },
    merge(held, fetched) {
      const isOlder = fetched.seq < held.seq || fetched.read_seq < held.read_seq;
      const { unread_from } = isOlder ? held : fetched;
      const merged = withoutMark(base.merge(held, fetched));
      if (unread_from === undefined) return merged;
      // Its frame was lost.
      if (held.unread_from === undefined && !busy.has(held.id)) begin(held.id, unread_from, 'elsewhere');
      return { ...merged, unread_from };
    },
  };

  function begin(roomId: RoomId, from: Seq, by: 'here' | 'elsewhere'): void {
    fresh.set(roomId, by);
    shownFrom.set(roomId, from);
    touch(roomId);
  }

  function apply(roomId: RoomId, result: Omit<ReadStateChanged, 'type' | 'room_id' | 'user_version'>): void {
    if (rooms.rules.read({ type: 'read_state', user_version: 0, room_id: roomId, ...result })) refreshSoon();
  }

  function schedule(roomId: RoomId, delay_ms: number): void {
    if (busy.has(roomId)) return;
    busy.add(roomId);
    env.clock.setTimeout(() => void send(roomId), delay_ms);
  }

  async function send(roomId: RoomId): Promise<void> {
    const seq = due.get(roomId) ?? 0;
    due.delete(roomId);
    let again_ms = BATCH_MS;
    try {
      apply(roomId, (await run('mark_read', { room_id: roomId, seq })).result);
    } catch (error) {
      if (!(error as ChatError).final) {
        due.set(roomId, Math.max(seq, due.get(roomId) ?? 0));
        again_ms = RETRY_MS;
      }
    }
    busy.delete(roomId);
    flush();
    if (due.has(roomId)) schedule(roomId, again_ms);
  }

  /** Up to where the room is read, when the message at `seq` is: with the newest, what follows it is read again as well. */
  function readUpTo(row: Room, seq: Seq): Seq {
    const held = replica.timeline(row.id);
    const isNewest = held && !held.hasNewer && (held.messages.at(-1)?.seq ?? 0) <= seq;
    return Math.min(isNewest ? Math.max(seq, row.read_seq) : seq, row.seq);
  }

  core.onFrame.push((frame) => {
    if (frame.type === 'hello' && replica.isOther(frame.user)) for (const each of [fresh, shownFrom, due]) each.clear();
  });

  return {
    async markUnread(roomId, seq) {
      checkOnline(core);
      const { method, result } = await run('mark_unread', { room_id: roomId, seq });
      apply(roomId, result);
      const from = rooms.get(roomId)?.unread_from;
      if (from !== undefined) begin(roomId, from, 'here');
      flush(method);
    },
    resumeReading(roomId, isVisit = true) {
      if (!isVisit && fresh.get(roomId) !== 'elsewhere') return;
      fresh.delete(roomId);
      const from = rooms.get(roomId)?.unread_from;
      if (from === undefined) shownFrom.delete(roomId);
      else shownFrom.set(roomId, from);
      touch(roomId);
    },
    markRead(roomId, seq) {
      const row = rooms.get(roomId);
      if (row?.unread_from === undefined) {
        markRead(roomId, seq);
        return;
      }
      const to = readUpTo(row, seq);
      if (fresh.has(roomId) || to < row.unread_from || to <= (due.get(roomId) ?? 0)) return;
      if (to >= row.read_seq) {
        const counts = to >= row.seq ? { unread_count: 0, mention_count: 0 } : {};
        rooms.set({ ...withoutMark(row), ...counts, read_seq: to });
      }
      due.set(roomId, to);
      schedule(roomId, BATCH_MS);
      touch();
    },
    getTimeline(roomId) {
      const view = getTimeline(roomId);
      const from = shownFrom.get(roomId);
      if (from === undefined) return view;
      const first = view.messages.find((m) => isAfter(m, from - 1, replica.user?.id) && !m.deleted);
      return keep({ ...view, firstUnreadSeq: first && beginsAt(view, from - 1) ? first.seq : null }, roomId);
    },
  };
}

function withoutMark(row: Room): Room {
  const { unread_from: _, ...rest } = row;
  return rest;
}

/** Whether it counted is known to the server alone: it may have been read in its thread. */
function isDeletionOfUnread({ read_seq, unread_from = read_seq + 1 }: Room, event: RoomEvent): boolean {
  return event.type === 'message_deleted' && event.message.seq >= unread_from && event.message.seq <= read_seq;
}

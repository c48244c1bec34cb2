/**
 * Read marks (shown at once, sent shortly after, only the newest), exact unread counts (exactRows.ts), and
 * the first unread message of an opened room.
 */
import type { Core } from '../core.ts';
import type { ChatError } from '../errors.ts';
import type { RoomId, Seq } from '../protocol.ts';
import { keepIdentity } from '../snapshot.ts';
import type { CoreChat, ReadingChat } from '../types.ts';
import { beginsAt, exactRows, isAfter } from './exactRows.ts';

type View = ReturnType<ReadingChat['getTimeline']>;

/** Scrolling through a room moves the mark many times; one command is sent for all. */
const BATCH_MS = 300;
const RETRY_MS = 5_000;

/** What was unread when a room was opened: (after, upTo]. */
interface Unread {
  readonly after: Seq;
  readonly upTo: Seq;
}

/** Adds `markRead`, and `firstUnreadSeq` to the view of a room; unread counts are exact. */
export function withReading(core: Core): ReadingChat & Pick<CoreChat, 'openRoom'> {
  const { env, flush, replica, routes, run, touch } = core;
  const { getTimeline, openRoom } = core.chat;
  const { clock } = env;
  const { rooms } = replica;
  const exact = exactRows(replica);
  const keep = keepIdentity<View>();
  const unread = new Map<RoomId, Unread>();
  const due = new Map<RoomId, Seq>();
  const busy = new Set<RoomId>();

  rooms.rules = exact;
  routes.mark_read = 'PUT /api/rooms/{room_id}/read';

  function schedule(roomId: RoomId, delay_ms: number): void {
    if (busy.has(roomId)) return;
    busy.add(roomId);
    clock.setTimeout(() => void send(roomId), delay_ms);
  }

  async function send(roomId: RoomId): Promise<void> {
    const seq = due.get(roomId) as Seq;
    due.delete(roomId);
    let again_ms = BATCH_MS;
    try {
      const { result } = await run('mark_read', { room_id: roomId, seq });
      if (exact.read({ room_id: roomId, ...result })) core.refreshSoon();
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

  return {
    markRead(roomId, seq) {
      const row = rooms.get(roomId);
      const to = Math.min(seq, row?.seq ?? 0);
      if (!row || to <= row.read_seq) return;
      rooms.set({ ...row, ...exact.countAfter(row, to), read_seq: to });
      due.set(roomId, to);
      schedule(roomId, BATCH_MS);
      touch();
    },
    openRoom(roomId, at) {
      const row = rooms.get(roomId);
      if (row?.unread_count) unread.set(roomId, { after: row.read_seq, upTo: row.seq });
      else if (at?.around === undefined) unread.delete(roomId);
      touch(roomId);
      return openRoom(roomId, at);
    },
    getTimeline(roomId) {
      const view = getTimeline(roomId);
      const { after = 0, upTo = 0 } = unread.get(roomId) ?? {};
      const first = view.messages.find((m) => isAfter(m, after, replica.user?.id) && m.seq <= upTo && !m.deleted);
      // Where the window begins after the mark, the first message held need not be the first unread.
      const firstUnreadSeq = first && beginsAt(view, after) ? first.seq : null;
      return keep({ ...view, firstUnreadSeq }, roomId);
    },
  };
}

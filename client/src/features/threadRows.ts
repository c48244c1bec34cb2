/**
 * The counts of threads in the rows of the room list: `thread_unread_count` and `thread_mention_count`.
 *
 * The server's rows and `read_state` have them as of their seq; replies above that are counted here, in threads that are known to be
 * followed. Of another thread the feature asks once (`ask`); a deleted reply is counted by the server alone.
 */
import type { Message, MessageId, Room, RoomEvent, RoomId, UserId } from '../protocol.ts';
import type { Rooms, RowRules } from '../rooms.ts';

const CAP = 100;

export interface ThreadRowsPorts {
  readonly rooms: Pick<Rooms, 'get' | 'set'>;
  me(): UserId | undefined;
  /** Whether the thread is followed; undefined where that is not known. */
  follows(root: MessageId): boolean | undefined;
  /** Finds out whether it is followed, and fetches the list if so. */
  ask(roomId: RoomId, root: MessageId): void;
}

type Counts = Pick<Room, 'thread_unread_count' | 'thread_mention_count'>;

const countsOf = ({ thread_unread_count = 0, thread_mention_count = 0 }: Counts) => ({
  thread_unread_count,
  thread_mention_count,
});

/** The rules `base`, which count threads as well. */
export function threadRows(base: RowRules, { rooms, me, follows, ask }: ThreadRowsPorts): RowRules {
  function counted(row: Room, message: Message): Room {
    const by = { ...countsOf(row) };
    by.thread_unread_count = Math.min(CAP, by.thread_unread_count + 1);
    if (message.mentions.includes(me() as UserId)) {
      by.thread_mention_count = Math.min(CAP, by.thread_mention_count + 1);
    }
    return { ...row, ...by };
  }

  function event(row: Room, event: RoomEvent): readonly [Room, boolean] {
    const [next, isLost] = base.event(row, event);
    if (!('message' in event) || !event.message.thread || event.message.sender.id === me()) return [next, isLost];
    const { type, message } = event;
    if (type === 'message_deleted') return [next, isLost || countsOf(row).thread_unread_count > 0];
    if (type !== 'message_created') return [next, isLost];
    const isFollowed = follows(event.message.thread);
    if (isFollowed === undefined) ask(event.room_id, event.message.thread);
    return [isFollowed ? counted(next, message) : next, isLost];
  }

  return {
    event,
    read(mark) {
      const isLost = base.read(mark);
      const row = rooms.get(mark.room_id);
      if (!row) return isLost;
      rooms.set({ ...row, ...countsOf(mark) });
      return isLost || mark.seq !== row.seq;
    },
    merge(held, fetched) {
      const merged = base.merge(held, fetched);
      return { ...merged, ...countsOf(fetched.seq < held.seq ? held : fetched) };
    },
  };
}

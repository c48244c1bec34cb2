/**
 * Updates the rows of the room list by events: heads, unread counts, last messages, members.
 *
 * Where a count cannot be derived (it was capped, or a reply may have been read in its thread) the list is
 * fetched again: unread counts must be equal on all devices.
 */
import { excerpt } from '../message.ts';
import type { Message, ReadState, Room, RoomEvent, RoomId, Seq, UserId } from '../protocol.ts';
import type { Replica } from '../replica.ts';
import type { RowRules } from '../rooms.ts';
import type { Timeline } from '../timeline.ts';

/** Counts are capped by the server. */
const CAP = 100;
/** Rooms of up to this many people list their members. */
const SMALL = 20;

type Counts = Pick<Room, 'unread_count' | 'mention_count'>;
const countsOf = ({ unread_count, mention_count }: Counts): Counts => ({ unread_count, mention_count });

export interface ExactRows extends RowRules {
  read(
    mark: Omit<ReadState, 'thread_unread_count' | 'thread_mention_count' | 'unread_from'> & {
      readonly room_id: RoomId;
    },
  ): boolean;
  /** The counts after a read mark, as of the row's seq; null where not all messages after it are held. */
  countAfter(row: Room, read_seq: Seq): Counts | null;
}

export function exactRows(replica: Pick<Replica, 'cursors' | 'rooms' | 'timeline' | 'user'>): ExactRows {
  const { cursors, rooms } = replica;

  function countAfter({ id, seq }: Room, read_seq: Seq): Counts | null {
    if (read_seq >= seq) return NOTHING;
    const held = replica.timeline(id);
    return held && cursors.get(id) === seq ? unreadAfter(held, read_seq, replica.user?.id) : null;
  }

  return {
    event: (row, event) => follow({ ...row, seq: event.seq }, event, replica.user?.id),
    /**
     * Applies a read mark of the server. A mark only grows, so an older one than ours is ignored. Its counts are exact for
     * the head `seq`. If our row has another seq, they are counted here where the messages are held; otherwise they are
     * used for now. Returns whether the room list has to be fetched.
     */
    read(mark) {
      const row = rooms.get(mark.room_id);
      if (!row || mark.read_seq < row.read_seq) return false;
      const counted = countAfter(row, mark.read_seq);
      rooms.set({ ...row, ...countsOf(counted ?? mark), read_seq: mark.read_seq });
      return !counted && mark.seq !== row.seq;
    },
    merge(held, fetched) {
      const { seq, read_seq, last_message } = held;
      // Fetched before events that are applied already: keep what those changed.
      if (fetched.seq < seq) return { ...fetched, ...countsOf(held), seq, read_seq, last_message };
      // Read here, and not yet known to the server.
      return read_seq > fetched.read_seq ? { ...fetched, ...countsOf(held), read_seq } : fetched;
    },
    countAfter,
  };
}

const NOTHING: Counts = { unread_count: 0, mention_count: 0 };

/** Whether no message between the mark and the window is missing. */
export const beginsAt = ({ hasOlder, messages }: Pick<Timeline, 'hasOlder' | 'messages'>, mark: Seq): boolean =>
  !hasOlder || (messages[0]?.seq ?? 0) <= mark + 1;

/**
 * Whether a message is another person's, after the mark, and shown in the room. A deleted one counts only until its deletion.
 */
export const isAfter = ({ seq, sender, thread, in_room }: Message, mark: Seq, me: UserId | undefined): boolean =>
  seq > mark && sender.id !== me && (!thread || in_room);

/** The counts after a read mark, where the window holds everything after it; else null. */
export function unreadAfter(t: Timeline, mark: Seq, me: UserId | undefined): Counts | null {
  // Whether a reply that the room shows was read in its thread is known to the server alone.
  if (t.messages.some((m) => m.in_room) || t.load || t.hasNewer || !beginsAt(t, mark)) return null;
  return t.messages.reduce((counts, m) => count(counts, m, !m.deleted && isAfter(m, mark, me) ? 1 : 0, me), NOTHING);
}

/** The counts with one message more or less (`by`), or the same. */
function count(before: Counts, message: Message, by: number, me: UserId | undefined): Counts {
  const mention = message.mentions.includes(me as UserId) ? by : 0;
  return { unread_count: bound(before.unread_count + by), mention_count: bound(before.mention_count + mention) };
}

const bound = (value: number): number => Math.min(CAP, Math.max(0, value));

/** The row after an event, and whether it can no longer be followed exactly. */
function follow(row: Room, event: RoomEvent, me: UserId | undefined): [Room, boolean] {
  switch (event.type) {
    case 'message_created':
    case 'message_edited':
    case 'message_deleted': {
      const { type, message } = event;
      const isNew = type === 'message_created';
      const by = isAfter(message, row.read_seq, me) ? (isNew ? 1 : type === 'message_deleted' ? -1 : 0) : 0;
      const next = { ...row, ...count(row, message, by, me) };
      if (isNew || row.last_message?.id === message.id) {
        const { id, sender, created_at } = message;
        next.last_message = { id, sender, content: excerpt(message), timestamp: created_at };
      }
      // What a capped count counts is unknown, and whether a reply that the room shows was read in its thread.
      return [next, by < 0 && (message.in_room || row.unread_count >= CAP)];
    }
    case 'member_joined':
    case 'member_left': {
      const { type, user } = event;
      const isJoin = type === 'member_joined';
      const others = row.members.filter(({ id }) => id !== user.id);
      const member_count = row.member_count + (isJoin ? 1 : -1);
      if (isJoin) {
        if (others.length < row.members.length) return [row, false];
        others.push(user);
      }
      const members = isJoin && member_count > SMALL ? [] : others;
      return [{ ...row, member_count, members }, !isJoin && member_count === SMALL];
    }
    // Of reactions, and types that are not known yet, only the number counts.
    default:
      return ['room' in event ? { ...row, ...event.room } : row, false];
  }
}

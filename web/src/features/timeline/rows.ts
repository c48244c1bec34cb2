import type { Message, PendingChange, PendingMessage, Quote, Seq, TimelineView, User } from '@backchannel/client';
import type { MembershipChange } from '../../app/membershipChanges.ts';
import { textOrNames } from '../files/messageText.ts';
import { dayAfter, dayOf } from '../../ui/time.ts';
import { changesByMessage, NO_CHANGES } from './pendingChanges.ts';

/** One row of the virtualised list. `at` is in ms since 1970; `first` rows show the sender. */
export type Row =
  | { readonly kind: 'start'; readonly key: 'start' }
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'unread'; readonly key: 'unread' }
  | { readonly kind: 'membership'; readonly key: string; readonly text: string; readonly at: number }
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly message: Message;
      /** Waiting and failed changes of this message. */
      readonly changes: readonly PendingChange[];
      readonly at: number;
      readonly first: boolean;
    }
  | {
      readonly kind: 'pending';
      readonly key: string;
      readonly pending: PendingMessage;
      readonly quote: Quote | null;
      readonly at: number;
      readonly first: boolean;
    };

/** Consecutive messages of one sender within this time form a group under one name. */
export const GROUP_MS = 5 * 60_000;

/** The parts of a view that have rows. */
export type RowsView = Pick<
  TimelineView,
  'messages' | 'pending' | 'changes' | 'firstUnreadSeq' | 'hasOlder' | 'hasNewer' | 'loading'
>;

interface PreviousMessage {
  readonly senderId: number;
  readonly at: number;
}

/**
 * The rows of a timeline: day dividers, the unread divider, membership changes, messages in groups, then unsent
 * messages.
 * `showsUnread` is false if nothing was unread when the room was opened.
 */
export function rowsOf(
  view: RowsView,
  me: User,
  showsUnread = true,
  membershipChanges: readonly MembershipChange[] = [],
): Row[] {
  const rows: Row[] = [];
  let nextDay = Number.NEGATIVE_INFINITY;
  let previous: PreviousMessage | null = null;
  let unreadIsPlaced = view.firstUnreadSeq === null || !showsUnread;
  const changes = view.changes.length > 0 ? changesByMessage(view.changes) : null;

  if (!view.hasOlder && view.loading !== 'initial') rows.push({ kind: 'start', key: 'start' });

  const addDay = (at: number): void => {
    // Only a later day adds a divider: after a clock was set back, "Yesterday" must not follow "Today".
    // Dates are computed once per day, not for each of hundreds of messages whenever one arrives.
    if (at < nextDay) return;
    nextDay = dayAfter(at);
    previous = null;
    rows.push({ kind: 'day', key: `day-${dayOf(at)}`, at });
  };

  // Membership changes within the loaded window, each before the message that follows it.
  const oldest = view.messages[0]?.seq ?? 0;
  let next = 0;
  const addMembershipChanges = (before_seq: Seq): void => {
    for (let each = membershipChanges[next]; each && each.seq < before_seq; each = membershipChanges[(next += 1)]) {
      if (view.hasOlder && each.seq < oldest) continue;
      addDay(each.at);
      previous = null;
      rows.push({ kind: 'membership', key: each.key, text: each.text, at: each.at });
    }
  };

  for (const message of view.messages) {
    // A message with an invalid time gets that of the message before it.
    const at = timeOf(message.created_at, previous?.at ?? 0);
    addMembershipChanges(message.seq);
    addDay(at);
    if (!unreadIsPlaced && isFirstUnread(message, view.firstUnreadSeq as Seq, me)) {
      unreadIsPlaced = true;
      previous = null;
      rows.push({ kind: 'unread', key: 'unread' });
    }
    const first = startsGroup(previous, message.sender.id, at, message.reply_to !== null);
    const messageChanges = changes?.get(message.id) ?? NO_CHANGES;
    rows.push({ kind: 'message', key: message.id, message, changes: messageChanges, at, first });
    previous = { senderId: message.sender.id, at };
  }

  // Unsent messages follow the end of the log, so they are shown only while that end is loaded.
  if (view.hasNewer) return rows;
  addMembershipChanges(Number.POSITIVE_INFINITY);
  const quotes = new Map(view.messages.map((message) => [message.id, message]));
  for (const pending of view.pending) {
    addDay(pending.createdAt);
    const first = startsGroup(previous, me.id, pending.createdAt, pending.replyTo !== null);
    const quote = quoteOf(pending.replyTo === null ? undefined : quotes.get(pending.replyTo));
    rows.push({ kind: 'pending', key: pending.id, pending, quote, at: pending.createdAt, first });
    previous = { senderId: me.id, at: pending.createdAt };
  }
  return rows;
}

function timeOf(text: string, otherwise: number): number {
  const at = Date.parse(text);
  return Number.isNaN(at) ? otherwise : at;
}

function isFirstUnread(message: Message, from: Seq, me: User): boolean {
  return message.seq >= from && message.sender.id !== me.id;
}

function startsGroup(previous: PreviousMessage | null, senderId: number, at: number, isReply: boolean): boolean {
  return previous === null || isReply || previous.senderId !== senderId || Math.abs(at - previous.at) > GROUP_MS;
}

function quoteOf(message: Message | undefined): Quote | null {
  if (!message) return null;
  return { id: message.id, seq: message.seq, sender: message.sender, excerpt: textOrNames(message).slice(0, 140) };
}

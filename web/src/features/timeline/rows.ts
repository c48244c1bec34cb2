import type { Message, PendingChange, PendingMessage, Quote, Seq, TimelineView, User } from '@backchannel/client';
import type { MembershipChange } from '../../app/membershipChanges.ts';
import { dayAfter, dayOf } from '../../ui/time.ts';
import { changesByMessage, NO_CHANGES } from './pendingChanges.ts';

/** What stands in the list, one entry a row of the virtualiser. `first` is the one that shows who wrote it. */
export type Row =
  | { readonly kind: 'start'; readonly key: 'start' }
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'unread'; readonly key: 'unread' }
  | { readonly kind: 'membership'; readonly key: string; readonly text: string; readonly at: number }
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly message: Message;
      /** What is to become of it and has not yet. */
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

/** Within this, one person's messages stand together under one name. */
export const GROUP_MS = 5 * 60_000;

interface Before {
  readonly senderId: number;
  readonly at: number;
}

/**
 * The rows of a timeline: days, the unread mark, messages in groups, then what is not sent yet.
 * `marksUnread` is false where nothing was unread when the room was opened: the mark of an earlier visit is of no use.
 */
export function rowsOf(
  view: TimelineView,
  me: User,
  marksUnread = true,
  membershipChanges: readonly MembershipChange[] = [],
): Row[] {
  const rows: Row[] = [];
  let tomorrow = Number.NEGATIVE_INFINITY;
  let before: Before | null = null;
  let marked = view.firstUnreadSeq === null || !marksUnread;
  const changes = view.changes.length > 0 ? changesByMessage(view.changes) : null;

  if (!view.hasOlder && view.loading !== 'initial') rows.push({ kind: 'start', key: 'start' });

  const open = (at: number): void => {
    // Only a later day opens a new one: a clock that was set back must not write "Yesterday" after "Today".
    // Dates are asked for once a day, not for each of hundreds of messages, with every message that comes.
    if (at < tomorrow) return;
    tomorrow = dayAfter(at);
    before = null;
    rows.push({ kind: 'day', key: `day-${dayOf(at)}`, at });
  };

  // Those that lie in the window, each before the message that followed it.
  const oldest = view.messages[0]?.seq ?? 0;
  let next = 0;
  const come = (before_seq: Seq): void => {
    for (let each = membershipChanges[next]; each && each.seq < before_seq; each = membershipChanges[(next += 1)]) {
      if (view.hasOlder && each.seq < oldest) continue;
      open(each.at);
      before = null;
      rows.push({ kind: 'membership', key: each.key, text: each.text, at: each.at });
    }
  };

  for (const message of view.messages) {
    // A time that is none stands with what is before it.
    const at = timeOf(message.created_at, before?.at ?? 0);
    come(message.seq);
    open(at);
    if (!marked && isFirstUnread(message, view.firstUnreadSeq as Seq, me)) {
      marked = true;
      before = null;
      rows.push({ kind: 'unread', key: 'unread' });
    }
    const first = startsGroup(before, message.sender.id, at, message.reply_to !== null);
    const waiting = changes?.get(message.id) ?? NO_CHANGES;
    rows.push({ kind: 'message', key: message.id, message, changes: waiting, at, first });
    before = { senderId: message.sender.id, at };
  }

  // What is not sent stands at the end of the log; while the log's end is not loaded, that is not here.
  if (view.hasNewer) return rows;
  come(Number.POSITIVE_INFINITY);
  const quotes = new Map(view.messages.map((message) => [message.id, message]));
  for (const pending of view.pending) {
    open(pending.createdAt);
    const first = startsGroup(before, me.id, pending.createdAt, pending.replyTo !== null);
    const quote = quoteOf(pending.replyTo === null ? undefined : quotes.get(pending.replyTo));
    rows.push({ kind: 'pending', key: pending.id, pending, quote, at: pending.createdAt, first });
    before = { senderId: me.id, at: pending.createdAt };
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

function startsGroup(before: Before | null, senderId: number, at: number, isReply: boolean): boolean {
  return before === null || isReply || before.senderId !== senderId || Math.abs(at - before.at) > GROUP_MS;
}

function quoteOf(message: Message | undefined): Quote | null {
  if (!message) return null;
  return { id: message.id, seq: message.seq, sender: message.sender, excerpt: message.content.slice(0, 140) };
}

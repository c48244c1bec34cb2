/**
 * What is held of one room's messages: a window into its log, kept right by events and pages.
 *
 * Theory. A page is the truth as of `as_of_seq`; an event is the truth from its seq on. A message
 * carries `rev_seq`, so an event is applied to it only if it is newer, and pages and events may
 * arrive in any order. Events heard while a page is on its way are replayed onto it, for the page
 * may have been read before they happened. The window is bounded: what is trimmed is the end
 * farther from where was just loaded, and `hasOlder` / `hasNewer` tell so.
 *
 * Pure: every function takes a timeline and returns it, or the same object where nothing changed.
 */
import type { Message, MessageId, Reaction, RoomEvent, Seq, UserId } from './protocol.ts';
import type { Counts } from './rooms.ts';
import type { TimelineView } from './types.ts';

export type LoadKind = NonNullable<TimelineView['loading']>;

export interface Timeline
  extends Pick<TimelineView, 'messages' | 'hasOlder' | 'hasNewer' | 'error' | 'firstUnreadSeq'> {
  /** The one load under way; an answer to an earlier one is ignored. */
  readonly load: { readonly kind: LoadKind; readonly number: number } | null;
  /** Events since the load began. */
  readonly replay: readonly RoomEvent[];
  /** What was unread when the room was opened: (after, upTo]. */
  readonly unread: { readonly after: Seq; readonly upTo: Seq; readonly me: UserId | null } | null;
}

export interface Page {
  readonly messages: readonly Message[];
  readonly as_of_seq: Seq;
  readonly has_more: boolean;
}

/** About ten screens; the list on screen is virtual, the memory is not. */
export const MAX_MESSAGES = 600;
/** A live window is cut in slices, so that a busy room does not shift with every message. */
const SLACK = 100;
const EXCERPT = 140;
/** Counts are capped by the server. */
export const CAP = 100;

export const EMPTY: Timeline = {
  messages: [],
  hasOlder: false,
  hasNewer: false,
  error: null,
  firstUnreadSeq: null,
  load: null,
  replay: [],
  unread: null,
};

/** The first line or so of a message, as quotes and room lists show it. */
export function excerpt(content: string): string {
  const flat = content
    .slice(0, EXCERPT * 2)
    .split(/\s+/)
    .filter(Boolean)
    .join(' ');
  return flat.length <= EXCERPT ? flat : `${flat.slice(0, EXCERPT - 1)}…`;
}

// ── loading ─────────────────────────────────────────────────────────────────────────────────

export const beginLoad = (t: Timeline, kind: LoadKind, number: number): Timeline => ({
  ...t,
  load: { kind, number },
  error: null,
  replay: [],
});

export const failLoad = (t: Timeline, number: number, error: TimelineView['error']): Timeline =>
  t.load?.number === number ? { ...t, load: null, error, replay: [] } : t;

/** @param newest true where the page is known to end at the newest message. */
export function applyPage(t: Timeline, number: number, page: Page, newest: boolean): Timeline {
  if (t.load?.number !== number) return t;
  const { kind } = t.load;
  const held = kind === 'initial' ? [] : t.messages;
  let next: Timeline = {
    ...t,
    load: null,
    replay: [],
    messages: merge(held, page.messages),
    hasOlder: kind === 'newer' ? t.hasOlder : page.has_more,
    hasNewer: kind === 'older' ? t.hasNewer : kind === 'newer' ? page.has_more : !newest,
  };
  for (const event of t.replay) {
    // Up to as_of_seq the page knows better which messages there are; changes are guarded by rev_seq.
    if (event.type !== 'message_created' || event.seq > page.as_of_seq) next = applyEvent(next, event);
  }
  return markFirstUnread(trim(next, kind === 'older' ? 'newest' : 'oldest', MAX_MESSAGES));
}

// ── events and results ──────────────────────────────────────────────────────────────────────

export function applyEvent(t: Timeline, event: RoomEvent): Timeline {
  const seen = t.load ? { ...t, replay: [...t.replay, event] } : t;
  switch (event.type) {
    case 'message_created':
      return seen.hasNewer ? seen : show(seen, event.message);
    case 'message_edited':
    case 'message_deleted':
      return change(seen, event.message.id, event.seq, () => event.message);
    case 'reaction_added':
    case 'reaction_removed':
      return change(seen, event.message_id, event.seq, (message) => ({
        ...message,
        reactions: react(message.reactions, event.emoji, event.user_id, event.type === 'reaction_added'),
      }));
    case 'member_joined':
    case 'member_left':
    case 'room_updated':
      return seen;
  }
}

/** A message as the answer to a command showed it: changes what is held, adds nothing. */
export const applyResult = (t: Timeline, message: Message): Timeline =>
  change(t, message.id, message.rev_seq, () => message);

/** An acknowledged message of one's own, or a new one: at its seq, once. */
export function show(t: Timeline, message: Message): Timeline {
  if (t.hasNewer) return applyResult(t, message);
  // An answer to a repeated send may be old: what lies before the window stays out of it.
  if (t.hasOlder && message.seq < (t.messages[0]?.seq ?? 0)) return t;
  const messages = merge(t.messages, [message]);
  return messages === t.messages ? t : trim({ ...t, messages }, 'oldest', MAX_MESSAGES + SLACK);
}

function change(t: Timeline, id: MessageId, seq: Seq, alter: (message: Message) => Message): Timeline {
  let changed: Message | undefined;
  const messages = t.messages.map((message) => {
    if (message.id !== id || seq <= message.rev_seq) return message;
    changed = { ...alter(message), rev_seq: seq };
    return changed;
  });
  const requoted = changed ? requote(messages, changed) : messages;
  if (changed) return { ...t, messages: requoted };
  // Not held itself, yet quoted by what is held.
  const bare = t.messages.some((message) => message.id === id) ? undefined : alterQuoted(t.messages, id, alter);
  return bare ? { ...t, messages: bare } : t;
}

/** The counts after a read mark, where the window holds everything behind it; else null. */
export function unreadAfter(t: Timeline, seq: Seq, me: UserId | undefined): Counts | null {
  const whole = !t.load && !t.hasNewer && (!t.hasOlder || (t.messages[0]?.seq ?? 0) <= seq + 1);
  if (!whole) return null;
  const unread = t.messages.filter((m) => m.seq > seq && m.sender.id !== me && !m.deleted);
  const mentions = unread.filter((m) => m.mentions.includes(me as UserId));
  return { unread_count: Math.min(CAP, unread.length), mention_count: Math.min(CAP, mentions.length) };
}

/** The separator for what was unread when the room was opened. */
export const openAt = (t: Timeline, unread: Timeline['unread']): Timeline => markFirstUnread({ ...t, unread });

// ── parts ───────────────────────────────────────────────────────────────────────────────────

/** Both ascending by seq; one of each id, the one with the later change. */
function merge(held: readonly Message[], more: readonly Message[]): readonly Message[] {
  const first = more[0];
  // The common case, in a busy room a thousand times a second: what comes is newer than what is held.
  if (!first || first.seq > (held.at(-1)?.seq ?? 0)) return first ? [...held, ...more] : held;
  const byId = new Map(held.map((message) => [message.id, message]));
  const news = more.filter((message) => (byId.get(message.id)?.rev_seq ?? -1) < message.rev_seq);
  if (news.length === 0) return held;
  for (const message of news) byId.set(message.id, message);
  return [...byId.values()].sort((a, b) => a.seq - b.seq);
}

/** A quote shows what the quoted message says now: nothing, once it is deleted. */
function requote(messages: readonly Message[], quoted: Message): readonly Message[] {
  const text = excerpt(quoted.content);
  return messages.map((message) =>
    message.reply_to?.id === quoted.id && message.reply_to.excerpt !== text
      ? { ...message, reply_to: { ...message.reply_to, excerpt: text } }
      : message,
  );
}

function alterQuoted(
  messages: readonly Message[],
  id: MessageId,
  alter: (message: Message) => Message,
): readonly Message[] | undefined {
  const quoting = messages.find((message) => message.reply_to?.id === id);
  // Reactions alter only what they are given; a whole message comes back with its own id.
  const altered = quoting && alter(quoting);
  return altered?.id === id ? requote(messages, altered) : undefined;
}

function react(reactions: readonly Reaction[], emoji: string, user: UserId, add: boolean): readonly Reaction[] {
  const users = reactions.find((reaction) => reaction.emoji === emoji)?.user_ids ?? [];
  if (users.includes(user) === add) return reactions;
  const user_ids = add ? [...users, user] : users.filter((id) => id !== user);
  const changed: Reaction = { emoji, count: user_ids.length, user_ids };
  if (users.length === 0) return [...reactions, changed];
  return reactions.map((r) => (r.emoji === emoji ? changed : r)).filter((r) => r.count > 0);
}

function trim(t: Timeline, end: 'oldest' | 'newest', limit: number): Timeline {
  if (t.messages.length <= limit) return t;
  return end === 'oldest'
    ? { ...t, messages: t.messages.slice(-MAX_MESSAGES), hasOlder: true }
    : { ...t, messages: t.messages.slice(0, MAX_MESSAGES), hasNewer: true };
}

function markFirstUnread(t: Timeline): Timeline {
  const { unread } = t;
  if (!unread) return t.firstUnreadSeq === null ? t : { ...t, firstUnreadSeq: null };
  const first = t.messages.find((m) => m.seq > unread.after && m.seq <= unread.upTo && m.sender.id !== unread.me);
  return { ...t, firstUnreadSeq: first?.seq ?? null };
}

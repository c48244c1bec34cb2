/**
 * The messages that are held of one room: a window into its log, changed by events and pages.
 *
 * Theory. A page shows the messages as of `as_of_seq`; an event applies from its seq on. A message
 * carries `rev_seq`, and an event is applied to it only if it is newer, so pages and events may
 * arrive in any order. Events that arrive while a page is being loaded are replayed onto it, since
 * the page may have been read before them. The window is bounded: it is trimmed at the end farther
 * from the last load, and `hasOlder` / `hasNewer` show that.
 *
 * Pure: every function takes a timeline and returns it, or the same object where nothing changed.
 */
import { changeMessage, changeQuote } from './message.ts';
import type { Message, MessageId, RoomEvent, Seq } from './protocol.ts';
import type { CoreTimelineView } from './types.ts';

export type LoadKind = NonNullable<CoreTimelineView['loading']>;

/** One load. Its identity tells its answer from those of other loads. */
export interface Load {
  readonly kind: LoadKind;
}

export interface Timeline extends Pick<CoreTimelineView, 'messages' | 'hasOlder' | 'hasNewer' | 'error'> {
  /** The load in progress; the answer to an earlier one is ignored. */
  readonly load: Load | null;
  /** Events since the load began. */
  readonly replay: readonly RoomEvent[];
}

export interface Page {
  readonly messages: readonly Message[];
  readonly as_of_seq: Seq;
  readonly has_more: boolean;
}

/** About ten screens. */
export const MAX_MESSAGES = 600;
/** A live window is trimmed in slices, so that a busy room does not shift with every message. */
const SLACK = 100;

export const EMPTY: Timeline = {
  messages: [],
  hasOlder: false,
  hasNewer: false,
  error: null,
  load: null,
  replay: [],
};

// ── loading ─────────────────────────────────────────────────────────────────────────────────

export const beginLoad = (t: Timeline, load: Load): Timeline => ({
  ...t,
  load,
  error: null,
  replay: [],
});

export const failLoad = (t: Timeline, load: Load, error: Timeline['error']): Timeline =>
  t.load === load ? { ...t, load: null, error, replay: [] } : t;

/** @param newest true where the page is known to end at the newest message. */
export function applyPage(t: Timeline, load: Load, page: Page, newest: boolean): Timeline {
  if (t.load !== load) return t;
  const { kind } = load;
  let next: Timeline = {
    ...t,
    load: null,
    replay: [],
    messages: merge(kind === 'initial' ? [] : t.messages, page.messages),
    hasOlder: kind === 'newer' ? t.hasOlder : page.has_more,
    hasNewer: kind === 'older' ? t.hasNewer : kind === 'newer' ? page.has_more : !newest,
  };
  for (const event of t.replay) {
    // The page includes new messages up to as_of_seq; changes are guarded by rev_seq.
    if (event.type !== 'message_created' || event.seq > page.as_of_seq) next = applyEvent(next, event);
  }
  if (next.messages.length <= MAX_MESSAGES) return next;
  return kind === 'older' ? { ...next, messages: next.messages.slice(0, MAX_MESSAGES), hasNewer: true } : trim(next);
}

// ── events and results ──────────────────────────────────────────────────────────────────────

export function applyEvent(t: Timeline, event: RoomEvent): Timeline {
  const seen = t.load ? { ...t, replay: [...t.replay, event] } : t;
  switch (event.type) {
    case 'message_created':
      return seen.hasNewer ? seen : show(seen, event.message);
    case 'message_edited':
    case 'message_deleted':
      return applyResult(seen, changeMessage(event.message, event));
    // Others are about members and the room's name, or of a type that is not known yet.
    default:
      return 'message_id' in event ? change(seen, event.message_id, event.seq, (m) => changeMessage(m, event)) : seen;
  }
}

/** Applies a message of a command's answer: changes a held message, adds none. */
export function applyResult(t: Timeline, message: Message): Timeline {
  const changed = change(t, message.id, message.rev_seq, () => message);
  const held = changed.messages.find(({ id }) => id === message.id);
  // The held message is newer, so its quotes are too. Quotes of a message that is not held are updated.
  return held && held !== message ? changed : requote(changed, message);
}

/** Adds a new message, or an own one that was acked, at its seq, once. */
export function show(t: Timeline, message: Message): Timeline {
  if (t.hasNewer) return applyResult(t, message);
  // The answer to a repeated send may be old: a message before the window is not added.
  if (t.hasOlder && message.seq < (t.messages[0]?.seq ?? 0)) return t;
  const messages = merge(t.messages, [message]);
  if (messages === t.messages) return t;
  const next = { ...t, messages };
  return messages.length > MAX_MESSAGES + SLACK ? trim(next) : next;
}

// ── parts ───────────────────────────────────────────────────────────────────────────────────

const trim = (t: Timeline): Timeline => ({ ...t, messages: t.messages.slice(-MAX_MESSAGES), hasOlder: true });

/** Both ascending by seq; one of each id, the one with the later change. */
function merge(held: readonly Message[], more: readonly Message[]): readonly Message[] {
  // The common case, in a busy room a thousand times a second: all are newer than those held.
  if (more[0] && more[0].seq > (held.at(-1)?.seq ?? 0)) return [...held, ...more];
  const byId = new Map(held.map((message) => [message.id, message]));
  const news = more.filter(({ id, rev_seq }) => (byId.get(id)?.rev_seq ?? -1) < rev_seq);
  for (const message of news) byId.set(message.id, message);
  return news[0] ? [...byId.values()].sort((a, b) => a.seq - b.seq) : held;
}

/** The message altered, where `seq` is newer than its last change. */
function change(t: Timeline, id: MessageId, seq: Seq, alter: (message: Message) => Message): Timeline {
  const index = t.messages.findIndex((message) => message.id === id && message.rev_seq < seq);
  const message = t.messages[index];
  return message ? { ...t, messages: t.messages.with(index, alter(message)) } : t;
}

/** Quotes show the current text of the quoted message. */
function requote(t: Timeline, quoted: Message): Timeline {
  const change = (message: Message): Message => changeQuote(message, quoted);
  return t.messages.some((message) => change(message) !== message) ? { ...t, messages: t.messages.map(change) } : t;
}

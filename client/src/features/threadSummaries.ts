/**
 * The summaries of threads, kept up to date by events in any order.
 *
 * Theory. A message that was read has its summary as of `rev`. A reply that comes or goes above that seq adds to it, once for each seq;
 * what is at or below it is in it already. So a summary is what was read, plus the replies seen above it, whatever order they came in.
 */
import type { Message, MessageId, RoomEvent, Seq, ThreadSummary } from '../protocol.ts';

type ReplyEvent = Extract<RoomEvent, { message: Message }>;

/** As the server keeps it. */
const PEOPLE = 5;
/** Roots of which replies are remembered: more than a window of messages has. */
const ROOTS = 1_000;

const NONE: ThreadSummary = { count: 0, people: [], last_at: '', rev: 0 };

export interface ThreadSummaries {
  receive(event: ReplyEvent): void;
  /** The message with its current summary; the same object where that is what it has. */
  current(message: Message): Message;
  clear(): void;
}

export function threadSummaries(): ThreadSummaries {
  const replies = new Map<MessageId, Map<Seq, ReplyEvent>>();
  const made = new WeakMap<Message, { readonly size: number; readonly message: Message }>();

  function receive(event: ReplyEvent): void {
    const { type, seq, message } = event;
    if (!message.thread || type === 'message_edited') return;
    const seen = replies.get(message.thread) ?? new Map<Seq, ReplyEvent>();
    seen.set(seq, event);
    replies.delete(message.thread);
    replies.set(message.thread, seen);
    const [oldest] = replies.keys();
    if (replies.size > ROOTS && oldest) replies.delete(oldest);
  }

  function current(message: Message): Message {
    const seen = replies.get(message.id);
    if (!seen) return message;
    const known = made.get(message);
    if (known?.size === seen.size) return known.message;
    const before = message.thread_summary ?? NONE;
    const later = [...seen.values()].filter(({ seq }) => seq > before.rev).sort((a, b) => a.seq - b.seq);
    const now = later[0] ? { ...message, thread_summary: later.reduce(after, before) } : message;
    made.set(message, { size: seen.size, message: now });
    return now;
  }

  return { receive, current, clear: () => replies.clear() };
}

function after({ count, people, last_at }: ThreadSummary, { type, seq, message }: ReplyEvent): ThreadSummary {
  if (type === 'message_deleted') return { count: count - 1, people, last_at, rev: seq };
  const { id } = message.sender;
  return {
    count: count + 1,
    people: [id, ...people.filter((each) => each !== id)].slice(0, PEOPLE),
    last_at: message.created_at > last_at ? message.created_at : last_at,
    rev: seq,
  };
}

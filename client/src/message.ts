/**
 * What an event does to a message, written once: for the timeline, and for the server in memory that tests use.
 *
 * Pure: every function takes a message and returns it, or the same object where nothing changes. Whether an event is newer
 * than the message (`rev_seq`) is the caller's question.
 */
import { type Message, type MessageId, type Reaction, type RoomEvent, SETS } from './protocol.ts';

/** Events that have a message, or the id of the one they change. */
export type MessageEvent = Extract<RoomEvent, { message: Message } | { message_id: MessageId }>;

type ReactionEvent = Extract<RoomEvent, { emoji: string }>;

/** Characters of an excerpt, the ellipsis included. */
const EXCERPT = 140;

/** The first line or so of a message, as quotes and room lists show it. */
export function excerpt(content: string): string {
  const flat = content
    .slice(0, EXCERPT * 2)
    .replace(/\s+/g, ' ')
    .trim();
  return flat.length <= EXCERPT ? flat : `${flat.slice(0, EXCERPT - 1)}…`;
}

/** The message after an event about it. */
export function changeMessage(message: Message, event: MessageEvent): Message {
  const { seq: rev_seq } = event;
  if ('message' in event) return { ...event.message, rev_seq };
  if ('emoji' in event) return { ...message, rev_seq, reactions: react(message.reactions, event) };
  const set = SETS[event.type];
  // A type that is not known yet changes nothing.
  return set ? { ...message, rev_seq, ...set } : message;
}

/** A reply after the message it quotes changed: the quote shows its text, and nothing once it is deleted. */
export function changeQuote(reply: Message, { id, content }: Message): Message {
  const { reply_to } = reply;
  if (reply_to?.id !== id) return reply;
  const text = excerpt(content);
  return reply_to.excerpt === text ? reply : { ...reply, reply_to: { ...reply_to, excerpt: text } };
}

function react(reactions: readonly Reaction[], { type, emoji, user_id }: ReactionEvent): readonly Reaction[] {
  const users = reactions.find((reaction) => reaction.emoji === emoji)?.user_ids ?? [];
  const user_ids = users.filter((id) => id !== user_id);
  if (type === 'reaction_added') user_ids.push(user_id);
  if (user_ids.length === users.length) return reactions;
  const changed: Reaction = { emoji, count: user_ids.length, user_ids };
  // A reaction that is there has users.
  if (!users.length) return [...reactions, changed];
  return reactions.map((r) => (r.emoji === emoji ? changed : r)).filter((r) => r.count > 0);
}

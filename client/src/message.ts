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

/** The first line or so of a message, as quotes and room lists show it; the names of its files where its text is blank. */
export function excerpt({ content, attachments }: Pick<Message, 'content' | 'attachments'>): string {
  return shorten(content) || shorten(attachments.map((file) => file.name).join(', '));
}

/** On one line, of at most 140 characters, the ellipsis included. */
const shorten = (text: string): string =>
  text
    .slice(0, 280)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^(.{139})..+/, '$1…');

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
export function changeQuote(reply: Message, quoted: Message): Message {
  const { reply_to } = reply;
  if (reply_to?.id !== quoted.id) return reply;
  const text = excerpt(quoted);
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

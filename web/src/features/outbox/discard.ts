import type { Chat, PendingMessage, Quote } from '@backchannel/client';
import type { Drafts } from '../../app/drafts.ts';
import { nameOf } from '../../ui/names.ts';
import { plainText } from '../../ui/plainText.ts';
import { toast } from '../../ui/Toasts.tsx';
import { discardedText } from './texts.ts';

/** Gone at once, and back at one press. */
export function discardWithUndo(chat: Chat, items: readonly PendingMessage[]): void {
  if (items.length > 0) toast(discard(chat, items), 'done', { label: 'Undo', run: () => putBack(chat, items) });
}

/** Returns what to say of it. */
export function discard(chat: Chat, items: readonly PendingMessage[]): string {
  for (const { id } of items) chat.discard(id);
  return discardedText(items);
}

export function putBack(chat: Chat, items: readonly PendingMessage[]): void {
  for (const item of items) chat.putBack(item);
}

/** What was not sent stands in the composer again, before what is there, with the message it answers. */
export function backIntoDraft(
  chat: Chat,
  drafts: Drafts,
  item: PendingMessage,
  roomId: number,
  quote: Quote | null = null,
): void {
  const held = drafts.get(roomId);
  const answers = roomId === item.roomId && item.replyTo !== null ? replyOf(chat, item, quote) : null;
  drafts.set(roomId, {
    text: held.text ? `${item.content}\n\n${held.text}` : item.content,
    replyTo: answers ?? held.replyTo,
  });
  chat.discard(item.id);
}

function replyOf(chat: Chat, { roomId, replyTo }: PendingMessage, quote: Quote | null) {
  const id = replyTo as string;
  const held = quote ?? chat.getTimeline(roomId).messages.find((message) => message.id === id);
  if (!held) return { id, seq: 0, name: 'an earlier message', excerpt: '' };
  const excerpt = 'excerpt' in held ? held.excerpt : held.content;
  return {
    id,
    seq: held.seq,
    name: nameOf(held.sender),
    excerpt: plainText(excerpt),
  };
}

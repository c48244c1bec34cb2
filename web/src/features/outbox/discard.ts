import type { Chat, PendingMessage, Quote } from '@backchannel/client';
import { focusComposer } from '../../app/composerSignals.ts';
import { type Drafts, NO_DRAFT } from '../../app/drafts.ts';
import { openThread } from '../../app/threads.ts';
import type { Uploads } from '../files/uploads.ts';
import { textOrNames } from '../files/messageText.ts';
import { nameOf } from '../../ui/names.ts';
import { plainText } from '../../ui/plainText.ts';
import { toast } from '../../ui/Toasts.tsx';
import { discardedText } from './texts.ts';

/** Discards at once, with a toast that offers Undo. */
export function discardWithUndo(chat: Chat, items: readonly PendingMessage[]): void {
  if (items.length > 0) toast(discard(chat, items), 'done', { label: 'Undo', run: () => putBack(chat, items) });
}

/** Discards the items and returns the sentence to show. */
export function discard(chat: Chat, items: readonly PendingMessage[]): string {
  for (const { id } of items) chat.discard(id);
  return discardedText(items);
}

export function putBack(chat: Chat, items: readonly PendingMessage[]): void {
  for (const item of items) chat.putBack(item);
}

/**
 * Moves an unsent message into the draft of a room or of its thread, before the draft's text, with its reply reference;
 * and with its files, if it waits for them and stays in its room.
 */
export function backIntoDraft(
  chat: Chat,
  drafts: Drafts,
  item: PendingMessage,
  roomId: number,
  quote: Quote | null = null,
  uploads: Uploads | null = null,
): void {
  const root = threadIn(item, roomId);
  const draft = root === null ? drafts.get(roomId) : (drafts.replies.get()[root] ?? NO_DRAFT);
  const replyReference = roomId === item.roomId && item.replyTo !== null ? replyOf(chat, item, quote) : null;
  const next = {
    text: draft.text ? `${item.content}\n\n${draft.text}` : item.content,
    replyTo: replyReference ?? draft.replyTo,
  };
  if (root === null) drafts.set(roomId, next);
  else drafts.setReply(roomId, root, next);
  const isTaken = roomId === item.roomId && uploads?.takeBack(item.id) !== undefined;
  if (!isTaken) chat.discard(item.id);
}

/** Shows where `backIntoDraft` put the text: opens the thread, or gives the focus to the composer of the open room. */
export function showDraft(item: PendingMessage, roomId: number): void {
  const root = threadIn(item, roomId);
  if (root === null) focusComposer();
  else openThread.set({ roomId, root, around: null });
}

/** A reply stays in its thread; in another room it becomes a message of that room. */
const threadIn = ({ roomId, inThread }: PendingMessage, to: number): string | null =>
  (roomId === to && inThread?.thread) || null;

function replyOf(chat: Chat, { roomId, replyTo }: PendingMessage, quote: Quote | null) {
  const id = replyTo as string;
  const original = quote ?? chat.getTimeline(roomId).messages.find((message) => message.id === id);
  if (!original) return { id, seq: 0, name: 'an earlier message', excerpt: '' };
  const excerpt = 'excerpt' in original ? original.excerpt : textOrNames(original);
  return {
    id,
    seq: original.seq,
    name: nameOf(original.sender),
    excerpt: plainText(excerpt),
  };
}

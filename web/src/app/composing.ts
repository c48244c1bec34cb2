import type { MessageId, RoomId } from '@backchannel/client';
import { createStore } from '../ui/store.ts';
import type { Drafts, Edit } from './drafts.ts';

/** What the timeline asks of the composer, which it does not know. */
interface Composing {
  /** The edit that was given last, for as long as nothing was typed since: Escape takes it back. */
  readonly given: { readonly roomId: RoomId; readonly id: MessageId } | null;
  /** Grows when the composer should take the focus. */
  readonly focusTurn: number;
  /** Grows when the timeline should show its end: something was sent, or Escape pressed. */
  readonly latestTurn: number;
}

export const composing = createStore<Composing>({ given: null, focusTurn: 0, latestTurn: 0 });

export function focusComposer(): void {
  composing.set((now) => ({ ...now, focusTurn: now.focusTurn + 1 }));
}

export function showLatest(): void {
  composing.set((now) => ({ ...now, latestTurn: now.latestTurn + 1 }));
}

/** Changing a message begins, with this text in the composer. */
export function startEditing(
  drafts: Drafts,
  { id, room_id, content, seq, rev_seq }: Edit['base'],
  text = content,
): void {
  const place = seq !== undefined && rev_seq !== undefined && { seq, rev_seq };
  drafts.setEdit(room_id, { base: { id, room_id, content, ...place }, text });
  focusComposer();
}

export function stopEditing(drafts: Drafts, roomId: RoomId): void {
  drafts.setEdit(roomId, null);
  focusComposer();
}

export function setGiven(given: Composing['given']): void {
  composing.set((now) => (now.given === given ? now : { ...now, given }));
}

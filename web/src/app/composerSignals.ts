import type { MessageId, RoomId } from '@backchannel/client';
import { createStore } from '../ui/store.ts';
import type { Drafts, Edit } from './drafts.ts';

/** What the timeline asks of the composer, which it does not know. */
interface ComposerSignals {
  /** The edit that was given last, for as long as nothing was typed since: Escape takes it back. */
  readonly undoableEdit: { readonly roomId: RoomId; readonly id: MessageId } | null;
  /** Grows when the composer should take the focus. */
  readonly focusRequests: number;
  /** Grows when the timeline should show its end: something was sent, or Escape pressed. */
  readonly latestRequests: number;
}

export const composerSignals = createStore<ComposerSignals>({
  undoableEdit: null,
  focusRequests: 0,
  latestRequests: 0,
});

export function focusComposer(): void {
  composerSignals.set((now) => ({ ...now, focusRequests: now.focusRequests + 1 }));
}

export function showLatest(): void {
  composerSignals.set((now) => ({ ...now, latestRequests: now.latestRequests + 1 }));
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

export function setUndoableEdit(undoableEdit: ComposerSignals['undoableEdit']): void {
  composerSignals.set((now) => (now.undoableEdit === undoableEdit ? now : { ...now, undoableEdit }));
}

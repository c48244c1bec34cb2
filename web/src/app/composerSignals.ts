import type { MessageId, RoomId } from '@backchannel/client';
import { createStore } from '../ui/store.ts';
import type { Drafts, Edit } from './drafts.ts';

/** Requests between the timeline and the composer, which do not import each other. */
interface ComposerSignals {
  /** The last submitted edit, until something is typed: Escape cancels it. */
  readonly undoableEdit: { readonly roomId: RoomId; readonly id: MessageId } | null;
  /** Incremented to make the composer take the focus. */
  readonly focusRequests: number;
  /** Incremented to make the timeline show its end: a message was sent, or Escape pressed. */
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

/** Puts a message into the composer for editing; `text` defaults to the message's own. */
export function startEditing(
  drafts: Drafts,
  { id, room_id, content, seq, rev_seq }: Edit['base'],
  text = content,
): void {
  const version = seq !== undefined && rev_seq !== undefined && { seq, rev_seq };
  drafts.setEdit(room_id, { base: { id, room_id, content, ...version }, text });
  focusComposer();
}

export function stopEditing(drafts: Drafts, roomId: RoomId): void {
  drafts.setEdit(roomId, null);
  focusComposer();
}

export function setUndoableEdit(undoableEdit: ComposerSignals['undoableEdit']): void {
  composerSignals.set((now) => (now.undoableEdit === undoableEdit ? now : { ...now, undoableEdit }));
}

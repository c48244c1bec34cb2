import type { MessageId, RoomId } from '@backchannel/client';
import { createStore } from '../ui/store.ts';

/** What the timeline asks of the composer, which it does not know. */
interface Composing {
  /** The message being changed, by room; leaving the room does not end it. */
  readonly editing: Readonly<Record<RoomId, { readonly id: MessageId; readonly content: string }>>;
  /** Grows when the composer should take the focus. */
  readonly focusTurn: number;
  /** Grows when the timeline should show its end: something was sent, or Escape pressed. */
  readonly latestTurn: number;
}

export const composing = createStore<Composing>({ editing: {}, focusTurn: 0, latestTurn: 0 });

export function focusComposer(): void {
  composing.set((now) => ({ ...now, focusTurn: now.focusTurn + 1 }));
}

export function showLatest(): void {
  composing.set((now) => ({ ...now, latestTurn: now.latestTurn + 1 }));
}

export function startEditing(roomId: RoomId, id: MessageId, content: string): void {
  composing.set((now) => ({
    ...now,
    editing: { ...now.editing, [roomId]: { id, content } },
    focusTurn: now.focusTurn + 1,
  }));
}

export function stopEditing(roomId: RoomId): void {
  composing.set((now) => {
    const { [roomId]: _, ...editing } = now.editing;
    return { ...now, editing, focusTurn: now.focusTurn + 1 };
  });
}

import type { MessageId, RoomId, Seq } from '@backchannel/client';
import { createStore } from '../ui/store.ts';

/** A message to show: its room loads the page around it, scrolls there and highlights it. */
export interface JumpRequest {
  readonly roomId: RoomId;
  /** Empty: the first message at or after `seq`. */
  readonly id: MessageId;
  readonly seq: Seq;
}

/** Taken by the timeline of the room, once it is open. */
export const jumpRequest = createStore<JumpRequest | null>(null);

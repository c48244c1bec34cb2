import type { Message, MessageId, RoomId, Seq } from '@backchannel/client';
import type { ThreadsChat } from '@backchannel/client/features/threads';
import { createStore, type Store } from '../ui/store.ts';

/** Threads of the chat. Their code is loaded after the first paint, or when one is opened. */
export interface Threads {
  /** Null until it is loaded. */
  readonly loaded: Store<ThreadsChat | null>;
  load(): Promise<ThreadsChat>;
}

export interface OpenThread {
  readonly roomId: RoomId;
  readonly root: MessageId;
  /** The seq of a reply to show; null shows what is unread, or the end. */
  readonly around: Seq | null;
}

/** The thread in the panel beside its room. */
export const openThread = createStore<OpenThread | null>(null);

/** Opens the thread that the message begins or belongs to. */
export function showThread({ room_id, id, thread, seq }: Pick<Message, 'room_id' | 'id' | 'thread' | 'seq'>): void {
  openThread.set({ roomId: room_id, root: thread ?? id, around: thread ? seq : null });
}

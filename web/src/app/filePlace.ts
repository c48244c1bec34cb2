import type { MessageId, RoomId } from '@backchannel/client';

/** What files are added to: the next message of a room, or the next reply in a thread of it. */
export interface FilePlace {
  readonly roomId: RoomId;
  /** The first message of the thread; null: the room itself. */
  readonly thread: MessageId | null;
}

/** Whether something of this place, where a missing thread is none, is of that one. */
export const isOfPlace = (it: { readonly roomId: RoomId; readonly thread?: MessageId | null }, place: FilePlace) =>
  it.roomId === place.roomId && (it.thread ?? null) === place.thread;

import type { Chat, MessageId, RoomId, Seq } from '@backchannel/client';

/** Where somebody stood in a room: a message, and how far below the list's top edge its own top was, in px. */
export interface ScrollPosition {
  readonly id: MessageId;
  readonly seq: Seq;
  readonly top: number;
}

/** For as long as this chat is open. Rooms that were left at their end have no entry: there one comes back to the end. */
const places = new WeakMap<Chat, Map<RoomId, ScrollPosition>>();

export function scrollPositionsOf(chat: Chat): Map<RoomId, ScrollPosition> {
  const held = places.get(chat) ?? new Map<RoomId, ScrollPosition>();
  places.set(chat, held);
  return held;
}

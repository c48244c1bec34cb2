import type { Chat, MessageId, RoomId, Seq } from '@backchannel/client';

/** The scroll position of a room. */
export interface ScrollPosition {
  /** The first visible message. */
  readonly id: MessageId;
  readonly seq: Seq;
  /** The distance in px from the list's top edge to the message's. */
  readonly top: number;
}

/** Kept while the chat is open. Rooms left at their end have no entry and open at their end. */
const positions = new WeakMap<Chat, Map<RoomId, ScrollPosition>>();

export function scrollPositionsOf(chat: Chat): Map<RoomId, ScrollPosition> {
  const ofChat = positions.get(chat) ?? new Map<RoomId, ScrollPosition>();
  positions.set(chat, ofChat);
  return ofChat;
}

import type { Notification as Told, Room, RoomId, Snapshot, User } from '@backchannel/client';
import { cleanName, truncate, isolated, nameInText } from '../../ui/names.ts';
import { plainText } from '../../ui/plainText.ts';

/** One thing to tell a person who does not look. */
export interface Notice {
  readonly room: RoomId;
  readonly title: string;
  readonly text: string;
}

type Picture = Pick<Snapshot, 'rooms' | 'notifications' | 'roomsLoaded' | 'user'>;

const INVITED = 'You can read and write there now.';

/** Never empty: a text that is nothing but marks is shown as it was typed. */
const words = (content: string): string => plainText(content) || truncate(cleanName(content), 160) || 'New message';

const roomName = (room: Room): string =>
  room.kind === 'channel' ? `#${isolated(room.name ?? '')}` : isolated(room.name ?? '') || 'a group';

/**
 * What came between two pictures of the chat: mentions, replies and invitations as the server tells of them, and every
 * unread message of a direct room. What was unread before the first picture is no news.
 */
export function noticesBetween(before: Picture, now: Picture): readonly Notice[] {
  if (!before.roomsLoaded || !now.user) return [];
  const held = new Map(before.rooms.map((room) => [room.id, room]));
  const direct = now.rooms.flatMap((room) => directNotice(held.get(room.id), room, now.user as User));
  const seen = new Set(before.notifications);
  const told = now.notifications.filter((each) => !seen.has(each)).flatMap((each) => toldNotice(each, now.rooms));
  return [...direct, ...told];
}

function directNotice(before: Room | undefined, room: Room, me: User): readonly Notice[] {
  const last = room.last_message;
  if (room.kind !== 'direct' || !last || last.sender.id === me.id || room.unread_count === 0) return [];
  if (before?.last_message?.id === last.id) return [];
  // An older message that came to be the last one, because the last was deleted.
  if (before && room.unread_count <= before.unread_count && room.unread_count < 100) return [];
  return [{ room: room.id, title: nameInText(last.sender), text: words(last.content) }];
}

function toldNotice(told: Told, rooms: readonly Room[]): readonly Notice[] {
  const room = rooms.find((each) => each.id === told.room_id);
  // A direct room tells of every message already.
  if (!room || (room.kind === 'direct' && told.kind !== 'invitation')) return [];
  const who = nameInText(told.by);
  // The message itself may come later than this, or others after it already.
  const text = words(told.excerpt ?? '');
  switch (told.kind) {
    case 'mention':
      return [{ room: room.id, title: `${who} mentioned you in ${roomName(room)}`, text }];
    case 'reply':
      return [{ room: room.id, title: `${who} replied to you in ${roomName(room)}`, text }];
    case 'invitation':
      return [
        { room: room.id, title: `${who} added you to ${roomName(room)}`, text: cleanName(room.topic) || INVITED },
      ];
  }
}

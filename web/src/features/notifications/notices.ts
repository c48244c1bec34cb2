import type { Notification as ChatNotification, Room, RoomId, Snapshot, User } from '@backchannel/client';
import { isQuiet, levelOf } from '../../app/roomLevels.ts';
import { cleanName, truncate, isolated, nameInText } from '../../ui/names.ts';
import { plainText } from '../../ui/plainText.ts';

/** The content of one system notification. */
export interface Notice {
  readonly room: RoomId;
  /** What a click opens: the message, in its thread where it is in one; else the room. */
  readonly path: string;
  readonly title: string;
  readonly text: string;
  /** By which a push message about the same is recognised. Null for an invitation. */
  readonly message: string | null;
}

type NoticeSnapshot = Pick<Snapshot, 'rooms' | 'notifications' | 'roomsLoaded' | 'user'>;

const INVITED = 'You can read and write there now.';

/** The text of a notification, never empty: a message of only Markdown marks is shown as typed. */
const excerptOf = (content: string): string => plainText(content) || truncate(cleanName(content), 160) || 'New message';

const roomName = (room: Room): string =>
  room.kind === 'channel' ? `#${isolated(room.name ?? '')}` : isolated(room.name ?? '') || 'a group';

/**
 * The notices for what is new between two snapshots: mentions, replies and invitations as the server reports them, and
 * every unread message of a room whose level is `all`, as direct rooms are without a choice. Nothing of a quiet room but an
 * invitation. What was unread in the first snapshot is not new. `at`: the time, in ms since 1970.
 */
export function noticesBetween(before: NoticeSnapshot, now: NoticeSnapshot, at: number): readonly Notice[] {
  if (!before.roomsLoaded || !now.user) return [];
  const roomsBefore = new Map(before.rooms.map((room) => [room.id, room]));
  const loud = now.rooms.filter((room) => !isQuiet(room, at));
  const each = loud.flatMap((room) => messageNotice(roomsBefore.get(room.id), room, now.user as User));
  const reportedBefore = new Set(before.notifications);
  const reported = now.notifications
    .filter((one) => !reportedBefore.has(one))
    .flatMap((one) => reportedNotice(one, one.kind === 'invitation' ? now.rooms : loud));
  return [...each, ...reported];
}

const pathTo = ({ id }: Room, seq?: number): string => `/rooms/${id}${seq === undefined ? '' : `/${seq}`}`;

function messageNotice(before: Room | undefined, room: Room, me: User): readonly Notice[] {
  const last = room.last_message;
  if (levelOf(room) !== 'all' || !last || last.sender.id === me.id || room.unread_count === 0) return [];
  if (before?.last_message?.id === last.id) return [];
  // An older message became the last one, because the last was deleted.
  if (before && room.unread_count <= before.unread_count && room.unread_count < 100) return [];
  const sender = nameInText(last.sender);
  const title = room.kind === 'direct' ? sender : `${sender} in ${roomName(room)}`;
  return [{ room: room.id, path: pathTo(room), title, text: excerptOf(last.content), message: last.id }];
}

function reportedNotice(notification: ChatNotification, rooms: readonly Room[]): readonly Notice[] {
  const room = rooms.find((each) => each.id === notification.room_id);
  // Every message of a direct room already has a notice, unless the user wants fewer.
  const hasNotice = room?.kind === 'direct' && levelOf(room) === 'all';
  if (!room || (hasNotice && notification.kind !== 'invitation')) return [];
  const sender = nameInText(notification.by);
  // Use the excerpt: the message itself may not be loaded yet, or not be the last one any more.
  const text = excerptOf(notification.excerpt ?? '');
  const message = notification.message_id;
  const place = { room: room.id, path: pathTo(room, notification.seq), text, message };
  switch (notification.kind) {
    case 'mention':
      return [{ ...place, title: `${sender} mentioned you in ${roomName(room)}` }];
    case 'reply':
      return [{ ...place, title: `${sender} replied to you in ${roomName(room)}` }];
    case 'invitation':
      return [{ ...place, title: `${sender} added you to ${roomName(room)}`, text: cleanName(room.topic) || INVITED }];
  }
}

import type { Room, User, UserId } from '@backchannel/client';

/** The other one of a direct room; undefined in groups and channels. */
export function otherMember(room: Room, me: UserId): User | undefined {
  if (room.kind !== 'direct') return undefined;
  return room.members.find((member) => member.id !== me) ?? room.members[0];
}

/** What the room is called on screen. A group without a name is called after its people. */
export function roomTitle(room: Room, me: UserId): string {
  const other = otherMember(room, me);
  if (other) return other.display_name || other.username;
  if (room.name) return room.name;
  const names = room.members
    ?.filter((member) => member.id !== me)
    .map((member) => member.display_name || member.username);
  return names && names.length > 0 ? names.join(', ') : 'Conversation';
}

/** For sentences: "Message #general", "You are no longer in Design". */
export function roomLabel(room: Room, me: UserId): string {
  return room.kind === 'channel' ? `#${roomTitle(room, me)}` : roomTitle(room, me);
}

import type { Room, User, UserId } from '@backchannel/client';
import { cleanName, isolated, nameOf, nameInText } from '../ui/names.ts';

/** At most this many members make the title of a group without a name. */
const MAX_NAMES = 8;

/** The other member of a direct room; undefined for groups and channels. */
export function otherMember(room: Room, me: UserId): User | undefined {
  if (room.kind !== 'direct') return undefined;
  return room.members.find((member) => member.id !== me) ?? room.members[0];
}

/**
 * The people whose names make the room's title: the other member of a direct room, the first members of a group without
 * a name.
 */
export function namedAfter(room: Room, me: UserId): readonly User[] {
  const other = otherMember(room, me);
  if (other) return [other];
  if (cleanName(room.name ?? '') !== '') return [];
  return room.members.filter((member) => member.id !== me).slice(0, MAX_NAMES);
}

/** The room's title as a plain string, for labels and sorting. */
export function roomTitle(room: Room, me: UserId): string {
  const people = namedAfter(room, me);
  if (people.length === 1 && people[0]) return nameOf(people[0]);
  return people.map(nameInText).join(', ') || cleanName(room.name ?? '') || 'Conversation';
}

/** The room's name in a sentence: "Message #general", "You are no longer in Design". */
export function roomLabel(room: Room, me: UserId): string {
  // The names of several people are isolated one by one.
  const title = namedAfter(room, me).length > 1 ? roomTitle(room, me) : isolated(roomTitle(room, me));
  return room.kind === 'channel' ? `#${title}` : title;
}

/** The topic, cleaned for display; may be empty. */
export const topicOf = (room: { readonly topic: string }): string => cleanName(room.topic);

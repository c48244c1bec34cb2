import type { Room, User, UserId } from '@backchannel/client';
import { cleanName, isolated, nameOf, nameInText } from '../ui/names.ts';

/** A group without a name is called after so many of its people. */
const NAMED_AFTER = 8;

/** The other one of a direct room; undefined in groups and channels. */
export function otherMember(room: Room, me: UserId): User | undefined {
  if (room.kind !== 'direct') return undefined;
  return room.members.find((member) => member.id !== me) ?? room.members[0];
}

/** The people a room is called after: the other one of a direct room, the first ones of a group without a name. */
export function namedAfter(room: Room, me: UserId): readonly User[] {
  const other = otherMember(room, me);
  if (other) return [other];
  if (cleanName(room.name ?? '') !== '') return [];
  return room.members.filter((member) => member.id !== me).slice(0, NAMED_AFTER);
}

/** What the room is called, for plain strings and for order. A group without a name is called after its people. */
export function roomTitle(room: Room, me: UserId): string {
  const people = namedAfter(room, me);
  if (people.length === 1 && people[0]) return nameOf(people[0]);
  return people.map(nameInText).join(', ') || cleanName(room.name ?? '') || 'Conversation';
}

/** For sentences: "Message #general", "You are no longer in Design". */
export function roomLabel(room: Room, me: UserId): string {
  // Several people are set apart one by one.
  const title = namedAfter(room, me).length > 1 ? roomTitle(room, me) : isolated(roomTitle(room, me));
  return room.kind === 'channel' ? `#${title}` : title;
}

/** What the room is about; empty where it says nothing. */
export const topicOf = (room: { readonly topic: string }): string => cleanName(room.topic);

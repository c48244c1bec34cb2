import type { Message, Room, User, UserId } from '@backchannel/client';
import { nameInText } from '../ui/names.ts';
import { createStore, useStore } from '../ui/store.ts';

/** People this tab has seen, by id. Events name people by id alone (typing, presence, reactions). */
const known = createStore<ReadonlyMap<UserId, User>>(new Map());

export function addPeople(people: Iterable<User>): void {
  const before = known.get();
  const news = [...people].filter((user) => {
    const held = before.get(user.id);
    return held?.display_name !== user.display_name || held.username !== user.username;
  });
  if (news.length > 0) known.set(new Map([...before, ...news.map((user) => [user.id, user] as const)]));
}

export function addPeopleFromRooms(rooms: readonly Room[]): void {
  addPeople(rooms.flatMap((room) => [...room.members, ...(room.last_message ? [room.last_message.sender] : [])]));
}

export function addPeopleFromMessages(messages: readonly Message[]): void {
  addPeople(messages.map((message) => message.sender));
}

export const useKnownPeople = () => useStore(known, (value) => value);
/** Their usernames in one string, empty where unknown: who asks renders again only when one of these changes. */
export const useUsernames = (ids: readonly UserId[]): string =>
  useStore(known, (people) => ids.map((id) => people.get(id)?.username ?? '').join(' '));
/** For handlers and labels made on demand; does not render again when it changes. A plain string, safe in a sentence. */
export const personName = (id: UserId): string => {
  const user = known.get().get(id);
  return user ? nameInText(user) : 'Someone';
};

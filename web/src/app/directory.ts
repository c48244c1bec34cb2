import type { Message, Room, User, UserId } from '@backchannel/client';
import { nameInText } from '../ui/names.ts';
import { createStore, useStore } from '../ui/store.ts';

/** People this tab has seen, by id: typing, presence and reactions name them by id only. */
const known = createStore<ReadonlyMap<UserId, User>>(new Map());

export function addPeople(people: Iterable<User>): void {
  const before = known.get();
  const changed = [...people].filter((user) => {
    const existing = before.get(user.id);
    return (
      existing?.display_name !== user.display_name ||
      existing.username !== user.username ||
      existing.avatar_url !== user.avatar_url
    );
  });
  if (changed.length > 0) known.set(new Map([...before, ...changed.map((user) => [user.id, user] as const)]));
}

export function addPeopleFromRooms(rooms: readonly Room[]): void {
  addPeople(rooms.flatMap((room) => [...room.members, ...(room.last_message ? [room.last_message.sender] : [])]));
}

export function addPeopleFromMessages(messages: readonly Message[]): void {
  addPeople(messages.map((message) => message.sender));
}

export const useKnownPeople = () => useStore(known, (value) => value);
/**
 * Usernames joined by spaces, empty where unknown. One string, so that the caller renders again only if one changes.
 */
export const useUsernames = (ids: readonly UserId[]): string =>
  useStore(known, (people) => ids.map((id) => people.get(id)?.username ?? '').join(' '));
/**
 * A person's name as a plain string, safe in a sentence. Not reactive: for event handlers and labels made on demand.
 */
export const personName = (id: UserId): string => {
  const user = known.get().get(id);
  return user ? nameInText(user) : 'Someone';
};

import type { Notification, Room, RoomId, Seq, Snapshot, UserId } from '@backchannel/client';
import { useEffect } from 'react';
import { createStore, useStore } from '../ui/store.ts';
import { isolated, nameInText } from '../ui/names.ts';
import { toast } from '../ui/Toasts.tsx';
import { useChat } from './chat.ts';
import { roomLabel } from './roomNames.ts';
import { useSignedIn } from './signedIn.ts';

/** A join or departure, or another name or topic of the room, shown as a line among the messages. */
export interface MembershipChange {
  /** Unique in its room; also the key of its row. */
  readonly key: string;
  /** The line follows the event with this number. */
  readonly seq: Seq;
  /** ms since 1970. */
  readonly at: number;
  readonly text: string;
}

/** Rooms the user was added to and has not opened on this device yet. */
const newRooms = createStore<ReadonlySet<RoomId>>(new Set());
/** Changes since the app was opened, by room. */
const membershipChanges = createStore<Readonly<Record<RoomId, readonly MembershipChange[]>>>({});

/** Most lines kept for one room. */
const MAX_LINES = 50;
const NONE: readonly MembershipChange[] = [];
export const useIsNewRoom = (roomId: RoomId): boolean => useStore(newRooms, (rooms) => rooms.has(roomId));
export const useMembershipChanges = (roomId: RoomId): readonly MembershipChange[] =>
  useStore(membershipChanges, (all) => all[roomId] ?? NONE);

type MembershipSnapshot = Pick<Snapshot, 'rooms' | 'notifications' | 'roomsLoaded'>;
type RoomMember = Room['members'][number];

/** What changed between two snapshots: names and topics, members of rooms that list all of them, and invitations of the user. */
export function membershipChangesBetween(
  before: MembershipSnapshot,
  now: MembershipSnapshot,
  at: number,
): readonly (MembershipChange & { readonly room: Room })[] {
  if (!before.roomsLoaded) return [];
  const roomsBefore = new Map(before.rooms.map((room) => [room.id, room]));
  const changed = now.rooms.flatMap((room) => {
    const earlier = roomsBefore.get(room.id);
    if (!earlier || earlier === room) return [];
    const named = room.kind === 'direct' ? [] : namesIn(earlier, room, at);
    return earlier.members === room.members ? named : [...named, ...changesIn(earlier, room, at)];
  });
  const reported = new Set(before.notifications);
  const invited = now.notifications.flatMap((notification) => {
    const room = reported.has(notification) ? undefined : invitedTo(notification, now.rooms);
    return room
      ? [{ room, key: `added-${room.seq}`, seq: room.seq, at, text: `${nameInText(notification.by)} added you` }]
      : [];
  });
  return [...changed, ...invited];
}

function namesIn(before: Room, room: Room, at: number): (MembershipChange & { readonly room: Room })[] {
  const line = (what: string, text: string) => ({ room, key: `${what}-${room.seq}`, seq: room.seq, at, text });
  const [name, topic] = [isolated(room.name ?? ''), isolated(room.topic)];
  const lines = [];
  if (room.name !== before.name) {
    const called = `is now called ${room.kind === 'channel' ? '#' : ''}${name}`;
    lines.push(line('name', `This ${room.kind} ${name ? called : 'has no name any more'}`));
  }
  if (room.topic !== before.topic)
    lines.push(line('topic', topic ? `The topic is now: ${topic}` : 'The topic was removed'));
  return lines;
}

function changesIn(before: Room, room: Room, at: number): (MembershipChange & { readonly room: Room })[] {
  const isListed = (each: Room) => each.kind !== 'direct' && each.members.length === each.member_count;
  if (!isListed(before) || !isListed(room)) return [];
  const without = (all: readonly RoomMember[], others: readonly RoomMember[]) =>
    all.filter(({ id }) => !others.some((other) => other.id === id));
  const line = (user: RoomMember, verb: string) => ({
    room,
    key: `${verb}-${user.id}-${room.seq}`,
    seq: room.seq,
    at,
    text: `${nameInText(user)} ${verb}`,
  });
  return [
    ...without(room.members, before.members).map((user) => line(user, 'joined')),
    ...without(before.members, room.members).map((user) => line(user, 'left')),
  ];
}

function invitedTo(notification: Notification, rooms: readonly Room[]): Room | undefined {
  return notification.kind === 'invitation' ? rooms.find((room) => room.id === notification.room_id) : undefined;
}

const storageKey = (me: UserId): string => `backchannel.rooms.${me}`;

/** The rooms known on this device at the last visit; null at the first visit, when no room counts as new. */
function knownRooms(me: UserId): ReadonlySet<RoomId> | null {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(storageKey(me)) ?? 'null');
    return Array.isArray(known) ? new Set(known.filter((id) => typeof id === 'number')) : null;
  } catch {
    return null;
  }
}

function storeKnownRooms(me: UserId, rooms: Iterable<RoomId>): void {
  try {
    localStorage.setItem(storageKey(me), JSON.stringify([...rooms]));
  } catch {
    // Without storage, a room stays new until this tab is closed.
  }
}

/** For signing out. */
export function forgetMembershipChanges(me: UserId): void {
  newRooms.set(new Set());
  membershipChanges.set({});
  try {
    localStorage.removeItem(storageKey(me));
  } catch {
    // Without storage there is nothing to remove.
  }
}

/** Keeps both stores up to date and shows a toast when the user is added to a room. */
export function useMembershipWatch(current: RoomId | null): void {
  const chat = useChat();
  const me = useSignedIn().user.id;
  useEffect(() => {
    let before = chat.getSnapshot();
    let known = knownRooms(me);
    const updateNewRooms = (rooms: readonly Room[]) => {
      // Runs with every message: storage is written only if a room appeared, disappeared or was opened.
      const unopened = rooms.filter((room) => room.id !== current && isUnopened(room, known));
      const seen = rooms.length - unopened.length;
      if (known?.size !== seen || !rooms.every((room) => known?.has(room.id) || unopened.includes(room))) {
        known = new Set(rooms.filter((room) => !unopened.includes(room)).map((room) => room.id));
        storeKnownRooms(me, known);
      }
      const marked = newRooms.get();
      if (unopened.length !== marked.size || !unopened.every((room) => marked.has(room.id)))
        newRooms.set(new Set(unopened.map((room) => room.id)));
    };
    const update = () => {
      const now = chat.getSnapshot();
      if (now === before) return;
      for (const { room, ...change } of membershipChangesBetween(before, now, Date.now())) {
        membershipChanges.set((all) => ({ ...all, [room.id]: [...(all[room.id] ?? []), change].slice(-MAX_LINES) }));
        if (change.key.startsWith('added-') && room.id !== current) toast(`${change.text} to ${roomLabel(room, me)}.`);
      }
      if (now.roomsLoaded && now.rooms !== before.rooms) updateNewRooms(now.rooms);
      before = now;
    };
    if (before.roomsLoaded) updateNewRooms(before.rooms);
    return chat.subscribe(update);
  }, [chat, me, current]);
}

/** Excludes rooms the user created, which open at once, and direct rooms, which appear with their first message. */
function isUnopened(room: Room, known: ReadonlySet<RoomId> | null): boolean {
  return known !== null && !known.has(room.id) && room.kind !== 'direct' && room.role !== 'owner';
}

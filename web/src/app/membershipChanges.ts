import type { Notification, Room, RoomId, Seq, Snapshot, UserId } from '@backchannel/client';
import { useEffect } from 'react';
import { createStore, useStore } from '../ui/store.ts';
import { nameInText } from '../ui/names.ts';
import { toast } from '../ui/Toasts.tsx';
import { useChat } from './chat.ts';
import { roomLabel } from './roomNames.ts';
import { useSignedIn } from './signedIn.ts';

/** That somebody came or went, as a line among the messages: after the event `seq` of its room. */
export interface MembershipChange {
  readonly key: string;
  readonly seq: Seq;
  readonly at: number;
  readonly text: string;
}

/** Rooms that somebody was added to and has not opened yet, on this device. */
const newRooms = createStore<ReadonlySet<RoomId>>(new Set());
/** What happened since the app was opened. */
const membershipChanges = createStore<Readonly<Record<RoomId, readonly MembershipChange[]>>>({});

/** Lines of one room. */
const KEPT = 50;
const NONE: readonly MembershipChange[] = [];
export const useIsNewRoom = (roomId: RoomId): boolean => useStore(newRooms, (rooms) => rooms.has(roomId));
export const useMembershipChanges = (roomId: RoomId): readonly MembershipChange[] =>
  useStore(membershipChanges, (all) => all[roomId] ?? NONE);

type Picture = Pick<Snapshot, 'rooms' | 'notifications' | 'roomsLoaded'>;
type Person = Room['members'][number];

/** Who came and went between two pictures: in rooms small enough to list their members, and oneself by invitation. */
export function membershipChangesBetween(
  before: Picture,
  now: Picture,
  at: number,
): readonly (MembershipChange & { readonly room: Room })[] {
  if (!before.roomsLoaded) return [];
  const held = new Map(before.rooms.map((room) => [room.id, room]));
  const moved = now.rooms.flatMap((room) => {
    const earlier = held.get(room.id);
    return earlier && earlier.members !== room.members ? movesIn(earlier, room, at) : [];
  });
  const seen = new Set(before.notifications);
  const invited = now.notifications.flatMap((told) => {
    const room = seen.has(told) ? undefined : invitedTo(told, now.rooms);
    return room
      ? [{ room, key: `added-${room.seq}`, seq: room.seq, at, text: `${nameInText(told.by)} added you` }]
      : [];
  });
  return [...moved, ...invited];
}

function movesIn(before: Room, room: Room, at: number): (MembershipChange & { readonly room: Room })[] {
  const isListed = (each: Room) => each.kind !== 'direct' && each.members.length === each.member_count;
  if (!isListed(before) || !isListed(room)) return [];
  const without = (all: readonly Person[], others: readonly Person[]) =>
    all.filter(({ id }) => !others.some((other) => other.id === id));
  const line = (user: Person, did: string) => ({
    room,
    key: `${did}-${user.id}-${room.seq}`,
    seq: room.seq,
    at,
    text: `${nameInText(user)} ${did}`,
  });
  return [
    ...without(room.members, before.members).map((user) => line(user, 'joined')),
    ...without(before.members, room.members).map((user) => line(user, 'left')),
  ];
}

function invitedTo(told: Notification, rooms: readonly Room[]): Room | undefined {
  return told.kind === 'invitation' ? rooms.find((room) => room.id === told.room_id) : undefined;
}

const storageKey = (me: UserId): string => `backchannel.rooms.${me}`;

/** The rooms this device knew when it was last here; null at the very first visit, to which no room is news. */
function knownRooms(me: UserId): ReadonlySet<RoomId> | null {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(storageKey(me)) ?? 'null');
    return Array.isArray(known) ? new Set(known.filter((id) => typeof id === 'number')) : null;
  } catch {
    return null;
  }
}

function keepKnown(me: UserId, rooms: Iterable<RoomId>): void {
  try {
    localStorage.setItem(storageKey(me), JSON.stringify([...rooms]));
  } catch {
    // Without storage a room is new until this tab closes.
  }
}

/** Signing out leaves nothing on the device. */
export function forgetMembershipChanges(me: UserId): void {
  newRooms.set(new Set());
  membershipChanges.set({});
  try {
    localStorage.removeItem(storageKey(me));
  } catch {
    // Nothing was kept, then.
  }
}

/** Keeps both: tells who came and went, and which rooms are new to this person. */
export function useMembershipWatch(current: RoomId | null): void {
  const chat = useChat();
  const me = useSignedIn().user.id;
  useEffect(() => {
    let before = chat.getSnapshot();
    let known = knownRooms(me);
    const mark = (rooms: readonly Room[]) => {
      // With every message: what is kept on the device is looked at only where a room came, went or was opened.
      const news = rooms.filter((room) => room.id !== current && isNews(room, known));
      const seen = rooms.length - news.length;
      if (known?.size !== seen || !rooms.every((room) => known?.has(room.id) || news.includes(room))) {
        known = new Set(rooms.filter((room) => !news.includes(room)).map((room) => room.id));
        keepKnown(me, known);
      }
      const shown = newRooms.get();
      if (news.length !== shown.size || !news.every((room) => shown.has(room.id)))
        newRooms.set(new Set(news.map((room) => room.id)));
    };
    const look = () => {
      const now = chat.getSnapshot();
      if (now === before) return;
      for (const { room, ...coming } of membershipChangesBetween(before, now, Date.now())) {
        membershipChanges.set((all) => ({ ...all, [room.id]: [...(all[room.id] ?? []), coming].slice(-KEPT) }));
        if (coming.key.startsWith('added-') && room.id !== current) toast(`${coming.text} to ${roomLabel(room, me)}.`);
      }
      if (now.roomsLoaded && now.rooms !== before.rooms) mark(now.rooms);
      before = now;
    };
    if (before.roomsLoaded) mark(before.rooms);
    return chat.subscribe(look);
  }, [chat, me, current]);
}

/** One's own rooms are opened as they are made; a conversation of two shows itself by its first message. */
function isNews(room: Room, known: ReadonlySet<RoomId> | null): boolean {
  return known !== null && !known.has(room.id) && room.kind !== 'direct' && room.role !== 'owner';
}

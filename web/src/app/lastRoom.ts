import type { RoomId, UserId } from '@backchannel/client';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { useChatState } from './chat.ts';
import { useSignedIn } from './signedIn.ts';

const storageKey = (me: UserId): string => `backchannel.lastRoom.${me}`;

function storedRoom(me: UserId): RoomId | null {
  try {
    const id = Number(localStorage.getItem(storageKey(me)));
    return Number.isSafeInteger(id) && id > 0 ? id : null;
  } catch {
    return null;
  }
}

function storeRoom(me: UserId, id: RoomId): void {
  try {
    localStorage.setItem(storageKey(me), String(id));
  } catch {
    // Without storage, the app starts without a room.
  }
}

/** For signing out. */
export function forgetLastRoom(me: UserId): void {
  try {
    localStorage.removeItem(storageKey(me));
  } catch {
    // Without storage there is nothing to remove.
  }
}

/**
 * Remembers the room that is open on this device, and opens it again when the app starts without one, if the user is still in it. Not on a
 * phone: there the list of rooms is the start, with what is unread.
 */
export function useLastRoom(current: RoomId | null, phone: boolean): void {
  const me = useSignedIn().user.id;
  const [location, navigate] = useLocation();
  const [wanted, setWanted] = useState(() => (current === null && !phone ? storedRoom(me) : null));
  const isLoaded = useChatState((state) => state.roomsLoaded);
  const isThere = useChatState((state) => state.rooms.some(({ id }) => id === wanted));

  useEffect(() => {
    if (current !== null) storeRoom(me, current);
  }, [me, current]);

  useEffect(() => {
    if (wanted === null || (current === null && !isLoaded)) return;
    // Only once: who closes the room later wants none.
    setWanted(null);
    if (isThere && location === '/') navigate(`/rooms/${wanted}`, { replace: true });
  }, [wanted, current, isLoaded, isThere, location, navigate]);
}

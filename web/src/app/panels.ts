import type { RoomId } from '@backchannel/client';
import { createStore } from '../ui/store.ts';
import { openThread } from './threads.ts';

/** Dialogs that open from more than one place: a button, a shortcut, an empty state. One is open at a time. */
export type Panel =
  | 'switcher'
  | 'search'
  | 'jump-to-date'
  | 'pins'
  | 'create-direct'
  | 'create-group'
  | 'create-channel'
  | 'browse-channels'
  | 'shortcuts'
  | 'unsent'
  | 'connection'
  | 'scheduled'
  | 'password'
  | 'devices'
  | 'notifications'
  | 'sign-out'
  | 'invite';

export const openPanel = createStore<Panel | null>(null);
/** Text typed for the switcher or the search before its field appeared, while its code was fetched. */
export const typedAhead = createStore('');
/** What the search opens with. `roomId`: searches this room alone. */
export const searchStart = createStore<{ readonly query: string; readonly roomId: RoomId | null }>({
  query: '',
  roomId: null,
});

export function openSearch(query: string, roomId: RoomId | null): void {
  typedAhead.set('');
  searchStart.set({ query, roomId });
  openPanel.set('search');
}

/** Whose messages to jump to a date in, and the day that is proposed (ms since 1970). */
export const dateStart = createStore<{ readonly roomId: RoomId; readonly at: number } | null>(null);

export function openJumpToDate(roomId: RoomId, at: number): void {
  dateStart.set({ roomId, at });
  openPanel.set('jump-to-date');
}

/** Whether the member panel at the right is open. */
export const membersOpen = createStore(false);

/** Shows or hides the members. A thread has the same place, so it closes. */
export function toggleMembers(): void {
  const covered = openThread.get() !== null;
  openThread.set(null);
  membersOpen.set((open) => covered || !open);
}

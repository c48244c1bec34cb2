import type { Room } from '@backchannel/client';

type Levelled = Pick<Room, 'kind' | 'level' | 'muted_until'>;
type Counted = Levelled & Pick<Room, 'unread_count' | 'mention_count' | 'thread_mention_count'>;

/** What the user is notified of in a room: their choice, or what holds without one. */
export const levelOf = ({ kind, level }: Levelled): 'all' | 'mentions' | 'none' =>
  level ?? (kind === 'direct' ? 'all' : 'mentions');

export const isMuted = ({ muted_until }: Levelled, now: number): boolean =>
  muted_until !== undefined && Date.parse(muted_until) > now;

/** Whether a room draws no attention: it is muted, or notifies of nothing. */
export const isQuiet = (room: Levelled, now: number): boolean => room.level === 'none' || isMuted(room, now);

/** Unread messages, without those of quiet rooms: for the title. */
export const unreadIn = (rooms: readonly Counted[], now: number): number =>
  sum(rooms, (room) => (isQuiet(room, now) ? 0 : room.unread_count));

/** Unread messages that are for this user: for the icon. The server's `badge_of` counts the same for push messages. */
export const badgeIn = (rooms: readonly Counted[], now: number): number =>
  sum(rooms, (room) =>
    isQuiet(room, now)
      ? 0
      : (levelOf(room) === 'all' ? room.unread_count : room.mention_count) + (room.thread_mention_count ?? 0),
  );

const sum = <T>(all: readonly T[], of: (each: T) => number): number => all.reduce((total, each) => total + of(each), 0);

import type { Room, UserId } from '@backchannel/client';
import { roomTitle } from '../../app/roomNames.ts';

export interface Section {
  readonly kind: Room['kind'];
  readonly title: string;
  readonly rooms: readonly Room[];
}

const TITLES = { channel: 'Channels', group: 'Groups', direct: 'Direct messages' } as const;

/** Created once: creating a collator takes longer than sorting with it. */
const { compare } = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/**
 * The sidebar's sections. Channels and groups are sorted by name, so that each stays at its place; direct rooms by
 * their latest activity, as the client sorts them.
 */
export function sectionsOf(rooms: readonly Room[], me: UserId): Section[] {
  return (['channel', 'group', 'direct'] as const).map((kind) => {
    const mine = rooms.filter((room) => room.kind === kind);
    if (kind !== 'direct') mine.sort((a, b) => compare(roomTitle(a, me), roomTitle(b, me)) || a.id - b.id);
    return { kind, title: TITLES[kind], rooms: mine };
  });
}

/** The room `step` positions after `from` in the order on screen, wrapping around; optionally only unread rooms. */
export function neighbour(
  ordered: readonly Room[],
  from: number | null,
  step: 1 | -1,
  unreadOnly = false,
): Room | undefined {
  const at = ordered.findIndex((room) => room.id === from);
  for (let distance = 1; distance <= ordered.length; distance += 1) {
    const start = at < 0 && step < 0 ? 0 : at;
    const room = ordered[(((start + step * distance) % ordered.length) + ordered.length) % ordered.length];
    if (room && room.id !== from && (!unreadOnly || room.unread_count > 0)) return room;
  }
  return undefined;
}

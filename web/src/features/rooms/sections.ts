import type { Room, UserId } from '@backchannel/client';
import { roomTitle } from '../../app/roomNames.ts';

export interface Section {
  readonly kind: Room['kind'];
  readonly title: string;
  readonly rooms: readonly Room[];
}

const TITLES = { channel: 'Channels', group: 'Groups', direct: 'Direct messages' } as const;

/** Made once: that takes longer than to sort with it. */
const { compare } = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/**
 * The sidebar's order. Channels and groups stand by name, so that a place stays where the hand expects it;
 * people stand by newest activity, as the client gives them.
 */
export function sectionsOf(rooms: readonly Room[], me: UserId): Section[] {
  return (['channel', 'group', 'direct'] as const).map((kind) => {
    const mine = rooms.filter((room) => room.kind === kind);
    if (kind !== 'direct') mine.sort((a, b) => compare(roomTitle(a, me), roomTitle(b, me)) || a.id - b.id);
    return { kind, title: TITLES[kind], rooms: mine };
  });
}

/** The room `step` places on from `from` in the order of the screen, around the ends; only unread ones if asked. */
export function neighbour(
  ordered: readonly Room[],
  from: number | null,
  step: 1 | -1,
  unreadOnly = false,
): Room | undefined {
  const at = ordered.findIndex((room) => room.id === from);
  for (let gone = 1; gone <= ordered.length; gone += 1) {
    const start = at < 0 && step < 0 ? 0 : at;
    const room = ordered[(((start + step * gone) % ordered.length) + ordered.length) % ordered.length];
    if (room && room.id !== from && (!unreadOnly || room.unread_count > 0)) return room;
  }
  return undefined;
}

import type { Room } from '@backchannel/client';
import { expect, it } from 'vitest';
import { badgeIn, unreadIn } from '../../src/app/roomLevels.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const LATER = '2026-11-30T13:00:00Z';
const OVER = '2026-11-30T11:00:00Z';

/** Five unread messages of which two mention the user, and a mention in a thread. */
const room = (kind: Room['kind'], level?: Room['level'], muted_until?: string) => ({
  kind,
  ...(level && { level }),
  ...(muted_until && { muted_until }),
  unread_count: 5,
  mention_count: 2,
  thread_mention_count: 1,
});

/** The same as of `badge_of` in server/tests/notifier/test_badge.py. */
it.each([
  [room('direct'), 6, 5],
  [room('channel'), 3, 5],
  [room('group'), 3, 5],
  [room('channel', 'all'), 6, 5],
  [room('direct', 'mentions'), 3, 5],
  [room('direct', 'none'), 0, 0],
  [room('channel', 'none'), 0, 0],
  [room('channel', 'all', LATER), 0, 0],
  [room('direct', undefined, LATER), 0, 0],
  [room('direct', undefined, OVER), 6, 5],
])('of %o, the badge counts %i and the title %i', (each, badge, unread) => {
  expect([badgeIn([each], NOW), unreadIn([each], NOW)]).toEqual([badge, unread]);
  expect(badgeIn([each, each], NOW)).toBe(2 * badge);
});

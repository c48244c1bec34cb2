import type { Notification, Room, Snapshot, User } from '@backchannel/client';
import { describe, expect, it } from 'vitest';
import { noticesBetween as noticesAt } from '../../src/features/notifications/notices.ts';

const ann: User = { id: 1, username: 'ann', display_name: 'Ann' };
const bob: User = { id: 2, username: 'bob', display_name: 'Bob' };

const room = (more: Partial<Room> = {}): Room => ({
  id: 7,
  kind: 'direct',
  name: '',
  topic: '',
  seq: 1,
  read_seq: 1,
  unread_count: 0,
  mention_count: 0,
  member_count: 2,
  members: [ann, bob],
  role: 'member',
  last_message: null,
  ...more,
});
const said = (id: string, unread_count: number, sender = bob, more: Partial<Room> = {}): Room =>
  room({ unread_count, last_message: { id, sender, content: `**${id}**`, timestamp: '' }, ...more });
const notification = (more: Partial<Notification> = {}): Notification => ({
  type: 'notification',
  user_version: 4,
  kind: 'mention',
  room_id: 7,
  message_id: 'm1',
  by: bob,
  excerpt: '**hi** @ann',
  ...more,
});
type Picture = Pick<Snapshot, 'rooms' | 'notifications' | 'roomsLoaded' | 'user'>;
/** Long before any room is muted until. */
const noticesBetween = (before: Picture, now: Picture) => noticesAt(before, now, 0);
const snapshot = (rooms: readonly Room[], notifications: readonly Notification[] = []): Picture => ({
  rooms,
  notifications,
  roomsLoaded: true,
  user: ann,
});

describe('notifications', () => {
  it('show a message of a direct room as plain text', () => {
    expect(noticesBetween(snapshot([room()]), snapshot([said('m1', 1)]))).toEqual([
      { room: 7, path: '/rooms/7', title: 'Bob', text: 'm1', message: 'm1' },
    ]);
  });

  it('show the first message of a new direct room', () => {
    expect(noticesBetween(snapshot([]), snapshot([said('m1', 1)]))).toHaveLength(1);
  });

  it('show each further message once', () => {
    const after = snapshot([said('m2', 2)]);
    expect(noticesBetween(snapshot([said('m1', 1)]), after)).toHaveLength(1);
    expect(noticesBetween(after, snapshot([said('m2', 2)]))).toEqual([]);
  });

  it('exclude own messages, read ones, and those that became the last by a deletion', () => {
    expect(noticesBetween(snapshot([room()]), snapshot([said('m1', 0, ann)]))).toEqual([]);
    expect(noticesBetween(snapshot([room()]), snapshot([said('m1', 0)]))).toEqual([]);
    expect(noticesBetween(snapshot([said('m2', 2)]), snapshot([said('m1', 1)]))).toEqual([]);
  });

  it('exclude messages that were already unread at the start', () => {
    const noRooms: Picture = { ...snapshot([]), roomsLoaded: false };
    expect(noticesBetween(noRooms, snapshot([said('m1', 3)], [notification()]))).toEqual([]);
  });

  it('for groups and channels, show only mentions, replies and invitations', () => {
    const channel = said('m1', 1, bob, { kind: 'channel', name: 'design' });
    const before = snapshot([room({ kind: 'channel', name: 'design' })]);
    expect(noticesBetween(before, snapshot([channel]))).toEqual([]);
    const all = [
      notification({ seq: 42 }),
      notification({ kind: 'reply', seq: 42 }),
      notification({ kind: 'invitation', message_id: null }),
    ];
    expect(noticesBetween(before, snapshot([channel], all))).toEqual([
      { room: 7, path: '/rooms/7/42', title: 'Bob mentioned you in #design', text: 'hi @ann', message: 'm1' },
      { room: 7, path: '/rooms/7/42', title: 'Bob replied to you in #design', text: 'hi @ann', message: 'm1' },
      {
        room: 7,
        path: '/rooms/7',
        title: 'Bob added you to #design',
        text: 'You can read and write there now.',
        message: null,
      },
    ]);
  });

  it('show the text of a mention, whichever message is the last of the room', () => {
    const channel = room({ kind: 'channel', name: 'design' });
    const later = said('m2', 2, bob, { kind: 'channel', name: 'design' });
    for (const after of [channel, later]) {
      expect(noticesBetween(snapshot([channel]), snapshot([after], [notification()]))).toEqual([
        { room: 7, path: '/rooms/7', title: 'Bob mentioned you in #design', text: 'hi @ann', message: 'm1' },
      ]);
    }
  });

  it('show a text of only Markdown marks as typed', () => {
    const marks = notification({ excerpt: '``` ```' });
    const group = room({ kind: 'group', name: 'Garden' });
    expect(noticesBetween(snapshot([group]), snapshot([group], [marks]))[0]?.text).toBe('``` ```');
  });

  it('show a mention in a direct room once', () => {
    expect(noticesBetween(snapshot([room()]), snapshot([said('m1', 1)], [notification()]))).toHaveLength(1);
  });
});

describe('the level of a room', () => {
  const design = { kind: 'channel', name: 'design' } as const;
  const seen = (more: Partial<Room>) => snapshot([room({ ...design, ...more })]);
  const talk = (more: Partial<Room>) => snapshot([said('m1', 1, bob, { ...design, ...more })], [notification()]);
  const titles = (more: Partial<Room>, at = 0) => noticesAt(seen(more), talk(more), at).map(({ title }) => title);

  it('`all` shows every message, where it was said', () => {
    expect(titles({ level: 'all' })[0]).toBe('Bob in #design');
  });

  it('`mentions` shows what is for the user, in a direct room too', () => {
    expect(titles({ level: 'mentions' })).toEqual(['Bob mentioned you in #design']);
    const direct = { level: 'mentions', kind: 'direct' } as const;
    expect(noticesBetween(snapshot([room(direct)]), snapshot([said('m1', 1, bob, direct)]))).toEqual([]);
  });

  it('`none` shows nothing but an invitation', () => {
    expect(titles({ level: 'none' })).toEqual([]);
    const invited = snapshot([room({ level: 'none' })], [notification({ kind: 'invitation', message_id: null })]);
    expect(noticesBetween(snapshot([]), invited)).toHaveLength(1);
  });

  it('does not matter while the room is muted, and does again afterwards', () => {
    const muted = { level: 'all', muted_until: '2030-01-01T00:00:00Z' } as const;
    expect(titles(muted, Date.parse('2029-12-31T23:59:59Z'))).toEqual([]);
    expect(titles(muted, Date.parse('2030-01-01T00:00:01Z'))).not.toEqual([]);
  });
});

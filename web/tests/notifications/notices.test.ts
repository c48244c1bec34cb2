import type { Notification, Room, Snapshot, User } from '@backchannel/client';
import { describe, expect, it } from 'vitest';
import { noticesBetween } from '../../src/features/notifications/notices.ts';

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
const told = (more: Partial<Notification> = {}): Notification => ({
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
const picture = (rooms: readonly Room[], notifications: readonly Notification[] = []): Picture => ({
  rooms,
  notifications,
  roomsLoaded: true,
  user: ann,
});

describe('what is worth a notification', () => {
  it('a message of a direct room, with its plain text', () => {
    expect(noticesBetween(picture([room()]), picture([said('m1', 1)]))).toEqual([
      { room: 7, title: 'Bob', text: 'm1' },
    ]);
  });

  it('the first message of a new direct room', () => {
    expect(noticesBetween(picture([]), picture([said('m1', 1)]))).toHaveLength(1);
  });

  it('each further one, and none twice', () => {
    const after = picture([said('m2', 2)]);
    expect(noticesBetween(picture([said('m1', 1)]), after)).toHaveLength(1);
    expect(noticesBetween(after, picture([said('m2', 2)]))).toEqual([]);
  });

  it('not what one wrote oneself, nor what is read, nor what a deletion brought to light', () => {
    expect(noticesBetween(picture([room()]), picture([said('m1', 0, ann)]))).toEqual([]);
    expect(noticesBetween(picture([room()]), picture([said('m1', 0)]))).toEqual([]);
    expect(noticesBetween(picture([said('m2', 2)]), picture([said('m1', 1)]))).toEqual([]);
  });

  it('not what was unread before', () => {
    const nothing: Picture = { ...picture([]), roomsLoaded: false };
    expect(noticesBetween(nothing, picture([said('m1', 3)], [told()]))).toEqual([]);
  });

  it('not the talk of a group or channel, but a mention, a reply and an invitation', () => {
    const channel = said('m1', 1, bob, { kind: 'channel', name: 'design' });
    const before = picture([room({ kind: 'channel', name: 'design' })]);
    expect(noticesBetween(before, picture([channel]))).toEqual([]);
    const all = [told(), told({ kind: 'reply' }), told({ kind: 'invitation', message_id: null })];
    expect(noticesBetween(before, picture([channel], all))).toEqual([
      { room: 7, title: 'Bob mentioned you in #design', text: 'hi @ann' },
      { room: 7, title: 'Bob replied to you in #design', text: 'hi @ann' },
      { room: 7, title: 'Bob added you to #design', text: 'You can read and write there now.' },
    ]);
  });

  it('of a mention always has its words, whichever message the room shows last', () => {
    const channel = room({ kind: 'channel', name: 'design' });
    const later = said('m2', 2, bob, { kind: 'channel', name: 'design' });
    for (const after of [channel, later]) {
      expect(noticesBetween(picture([channel]), picture([after], [told()]))).toEqual([
        { room: 7, title: 'Bob mentioned you in #design', text: 'hi @ann' },
      ]);
    }
  });

  it('of a text that is nothing but marks shows these', () => {
    const marks = told({ excerpt: '``` ```' });
    const group = room({ kind: 'group', name: 'Garden' });
    expect(noticesBetween(picture([group]), picture([group], [marks]))[0]?.text).toBe('``` ```');
  });

  it('a mention in a direct room once', () => {
    expect(noticesBetween(picture([room()]), picture([said('m1', 1)], [told()]))).toHaveLength(1);
  });
});

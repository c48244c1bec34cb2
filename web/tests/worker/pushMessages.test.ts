import { describe, expect, it } from 'vitest';
import { shownPush } from '../../src/worker/pushMessages.ts';

const sent = (more: object = {}) =>
  JSON.stringify({
    web_push: 8030,
    app_badge: 3,
    notification: {
      title: 'Ada in Kitchen',
      body: 'Lunch?',
      tag: 'room 7',
      navigate: 'https://chat.example/rooms/7/42',
      data: { message_id: 'm1', room_id: 7, seq: 42 },
      ...more,
    },
  });
const never = () => false;

describe('a push message', () => {
  it('shows who wrote what, and opens the message', () => {
    const { title, options, badge } = shownPush(sent(), never);
    expect([title, options.body, badge]).toEqual(['Ada in Kitchen', 'Lunch?', 3]);
    expect(options).toMatchObject({ tag: 'room 7', renotify: true, data: { path: '/rooms/7/42', message: 'm1' } });
  });

  it('that comes again replaces its notification without a sound', () => {
    expect(shownPush(sent(), (message) => message === 'm1').options.renotify).toBe(false);
  });

  it.each([undefined, '', 'null', '[]', '{', '{}', '{"notification":null}', '{"notification":{"title":"x"}}'])(
    'that is none is shown as a new message: %s',
    (text) => {
      expect(shownPush(text, never)).toEqual({ title: 'New message', options: { tag: 'chat' }, badge: null });
    },
  );

  it.each(['https://evil.example/phish', 'https://chat.example/rooms/7/42/x', 'https://chat.example//evil.example'])(
    'opens nothing but rooms of this app: %s',
    (navigate) => {
      expect(shownPush(sent({ navigate }), never).options.data?.path).toBe('/');
    },
  );

  it('of which the lock screen is to show nothing has a title all the same', () => {
    expect(shownPush(sent({ title: '', body: '' }), never).title).toBe('New message');
  });
});

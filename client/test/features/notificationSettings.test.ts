import { describe, expect, it } from 'vitest';
import { createChat } from '../../src/core.ts';
import { withNotificationSettings } from '../../src/features/notificationSettings.ts';
import { ANN, annAndBob, live, optionsOn } from '../world.ts';

/** The core with these settings alone, connected. */
async function world() {
  const { clock, server, network } = annAndBob();
  const chat = createChat(optionsOn(network), withNotificationSettings);
  await live(chat, clock);
  const done = async <T>(promise: Promise<T>): Promise<T> => {
    promise.catch(() => {});
    await clock.advance(1_000);
    return promise;
  };
  const room = () => chat.getSnapshot().rooms.find(({ id }) => id === 1);
  return { chat, clock, network, server, done, room };
}

const NIGHTS = { zone: 'Europe/Berlin', days: [1], start: '22:00', end: '07:00' };
const SUBSCRIPTION = { endpoint: 'https://push.example.net/1', toJSON: () => ({ keys: { p256dh: 'B', auth: 'A' } }) };

describe('what a room notifies of', () => {
  it('is shown in its row, and replaced as a whole', async () => {
    const w = await world();
    const muteUntil = new Date('2030-01-01T00:00:00Z');
    const chosen = await w.done(w.chat.setRoomNotifications(1, { level: 'all', muteUntil }));
    expect(chosen).toEqual({ room_id: 1, level: 'all', muted_until: '2030-01-01T00:00:00.000Z' });
    expect(w.room()).toMatchObject({ level: 'all', muted_until: '2030-01-01T00:00:00.000Z' });
    await w.done(w.chat.setRoomNotifications(1, { level: 'none' }));
    expect(w.room()?.muted_until).toBeUndefined();
  });

  it('follows what another device chose', async () => {
    const w = await world();
    w.server.run(ANN, 'set_notifications', { room_id: 1, level: 'none' });
    await w.clock.advance(1_000);
    expect(w.room()?.level).toBe('none');
  });
});

describe('what holds for all rooms', () => {
  it('changes only in what is given', async () => {
    const w = await world();
    await w.done(w.chat.setMyNotifications({ keywords: ['deploy'], quiet_hours: NIGHTS }));
    await w.done(w.chat.setMyNotifications({ push_content: 'none' }));
    const mine = await w.done(w.chat.getMyNotifications());
    expect(mine).toMatchObject({ keywords: ['deploy'], quiet_hours: NIGHTS, push_content: 'none' });
  });

  it('has no quiet hours and no do-not-disturb where they are set to null', async () => {
    const w = await world();
    await w.done(w.chat.setMyNotifications({ quiet_hours: NIGHTS, dnd_until: '2100-01-01T00:00:00Z' }));
    const mine = await w.done(w.chat.setMyNotifications({ quiet_hours: null, dnd_until: null }));
    expect([mine.quiet_hours, mine.dnd_until]).toEqual([null, null]);
  });
});

describe('a browser', () => {
  it('is subscribed and unsubscribed by the name it has for itself', async () => {
    const w = await world();
    expect(await w.done(w.chat.getPushKey())).toBe('BKey');
    await w.done(w.chat.subscribePush('a-browser', SUBSCRIPTION, 'https://chat.example/'));
    expect([...w.server.notifications.subscriptions]).toEqual([[`${ANN} a-browser`, SUBSCRIPTION.endpoint]]);
    expect(await w.done(w.chat.testPush('a-browser'))).toBe('sent');
    await w.done(w.chat.unsubscribePush('a-browser'));
    expect(await w.done(w.chat.testPush('a-browser'))).toBe('gone');
    expect(w.server.notifications.subscriptions.size).toBe(0);
  });

  it('has no key where the server sends no push messages', async () => {
    const w = await world();
    w.server.notifications.pushKey = null;
    expect(await w.done(w.chat.getPushKey())).toBeNull();
    await expect(
      w.done(w.chat.subscribePush('a-browser', SUBSCRIPTION, 'https://chat.example/')),
    ).rejects.toMatchObject({
      code: 'forbidden',
    });
  });
});

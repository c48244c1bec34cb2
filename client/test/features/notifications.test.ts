import { describe, expect, it } from 'vitest';
import { BOB, liveWorld, type World } from '../world.ts';

const notify = (w: World, user_version: number): void =>
  w.network.say({
    type: 'notification',
    user_version,
    kind: 'mention',
    room_id: 1,
    message_id: 'm',
    by: { id: BOB, username: 'bob', display_name: 'bob' },
    excerpt: 'hello @ann',
  });
const shown = (w: World): number[] => w.chat.getSnapshot().notifications.map((n) => n.user_version);

describe('notifications', () => {
  it('are shown once each, and the newest fifty', async () => {
    const w = await liveWorld();
    notify(w, 6);
    notify(w, 6);
    await w.clock.advance(50);
    expect(shown(w)).toEqual([6]);
    for (let version = 7; version < 80; version++) notify(w, version);
    await w.clock.advance(50);
    expect(shown(w)).toEqual(Array.from({ length: 50 }, (_, i) => 30 + i));
  });

  it('are removed for another person', async () => {
    const w = await liveWorld();
    notify(w, 6);
    await w.clock.advance(50);
    await w.chat.disconnect();
    w.network.user = w.server.users.get(BOB) as never;
    w.chat.connect();
    await w.clock.advance(2_000);
    expect(w.chat.getSnapshot()).toMatchObject({ user: { username: 'bob' }, notifications: [] });
  });
});

import { describe, expect, it } from 'vitest';
import type { RoomEvent } from '../src/protocol.ts';
import { Refusal, flushTasks } from '../src/testing/index.ts';
import type { Connection } from '../src/types.ts';
import { ANN, BOB, liveWorld, type World, world } from './world.ts';

const status = ({ chat }: World): Connection => chat.getSnapshot().connection;

describe('connecting', () => {
  it('starts HTTP and the WebSocket at once, and shows the first room list that arrives', async () => {
    const w = world();
    w.network.sockets = 'silent';
    w.chat.connect();
    await flushTasks();
    expect(w.network.requests.map((request) => request.path)).toEqual(['http://memory/api/sync']);
    await w.clock.advance(50);
    expect(w.network.open.size).toBe(1);
    expect(w.chat.getSnapshot()).toMatchObject({ roomsLoaded: true, user: { username: 'ann' } });
    expect(w.chat.getSnapshot().rooms.map((room) => room.id)).toEqual([1]);
  });

  it("shows the WebSocket's room list when HTTP is slower", async () => {
    const w = world();
    w.network.http = 'down';
    w.chat.connect();
    await w.clock.advance(200);
    expect(w.chat.getSnapshot().roomsLoaded).toBe(true);
    expect(status(w).status).toBe('connected');
  });

  it('is only yellow until connected, never orange', async () => {
    const w = world();
    const seen = new Set<string>();
    w.chat.subscribe(() => seen.add(status(w).status));
    w.chat.connect();
    await w.clock.advance(2_000);
    expect([...seen]).toEqual(['connecting', 'connected']);
    expect(status(w)).toMatchObject({ transport: 'websocket', reason: null, retryAt: null });
  });

  it('does not poll while the WebSocket is live', async () => {
    const w = await liveWorld();
    const before = w.network.requests.length;
    for (let minute = 0; minute < 10; minute++) {
      w.server.post(1, BOB, `minute ${minute}`);
      await w.clock.advance(60_000);
    }
    expect(w.texts(1)).toHaveLength(10);
    expect(w.network.requests.length).toBe(before);
  });
});

describe('the number of requests', () => {
  it('polls once when the WebSocket is proven quickly', async () => {
    const w = await liveWorld();
    expect(w.network.polls()).toBe(1);
  });

  it('answers the heartbeat', async () => {
    const w = await liveWorld();
    await w.clock.advance(61_000);
    expect(w.network.said.filter((frame) => frame.type === 'pong')).toHaveLength(2);
  });

  it('does not poll in a tight loop when the server answers "nothing" at once', async () => {
    const w = world();
    const impatient = world({
      fetch: (url, init) =>
        w.network.fetch(url, { ...init, body: (init as { body: string }).body.replace('"wait":25', '"wait":0') }),
      clock: w.clock,
    });
    impatient.network.sockets = 'refused';
    impatient.chat.connect();
    await w.clock.advance(60_000);
    expect(w.network.polls()).toBeLessThan(65);
  });
});

describe('without a WebSocket', () => {
  it('receives and sends over HTTP, and shows orange', async () => {
    const w = world();
    w.network.sockets = 'refused';
    w.chat.connect();
    await w.clock.advance(3_000);
    void w.chat.openRoom(1);
    await w.clock.advance(100);
    expect(status(w)).toMatchObject({ status: 'disconnected', transport: 'rest', reason: null });
    w.server.post(1, BOB, 'hello by poll');
    await w.clock.advance(500);
    const sent = w.chat.sendChatMessage(1, 'hello by rest');
    await w.clock.advance(500);
    expect(await sent).toMatchObject({ method: 'rest', message: { content: 'hello by rest', seq: 2 } });
    expect(w.texts(1)).toEqual(['hello by poll', 'hello by rest']);
    expect(await refreshed(w)).toMatchObject({ method: 'rest', rooms: [{ id: 1 }] });
  });

  it.each(['silent', 'deaf', 'mute'] as const)('does not use a socket that opens and is %s', async (fault) => {
    const w = world();
    w.network.sockets = fault;
    w.chat.connect();
    await w.clock.advance(30_000);
    expect(status(w)).toMatchObject({ status: 'disconnected', transport: 'rest' });
    w.server.post(1, BOB, 'still here');
    await w.clock.advance(1_000);
    expect(w.chat.getSnapshot().rooms[0]?.last_message?.content).toBe('still here');
  });

  it('returns to the WebSocket without a gap or a duplicate', async () => {
    const w = await liveWorld();
    w.network.sockets = 'refused';
    w.network.closeAll(1006);
    await w.clock.advance(100);
    for (let i = 0; i < 20; i++) {
      w.server.post(1, BOB, `m${i}`);
      await w.clock.advance(900);
      if (i === 12) w.network.sockets = 'none';
    }
    await w.clock.advance(30_000);
    expect(w.texts(1)).toEqual(Array.from({ length: 20 }, (_, i) => `m${i}`));
    expect(status(w)).toMatchObject({ status: 'connected', transport: 'websocket' });
  });

  it('polls until the socket is proven', async () => {
    const w = await liveWorld();
    w.network.sockets = 'mute';
    w.network.closeAll(1006);
    await w.clock.advance(5_000);
    w.server.post(1, BOB, 'while unproven');
    await w.clock.advance(100);
    expect(w.texts(1)).toEqual(['while unproven']);
    w.network.sockets = 'none';
    await w.clock.advance(40_000);
    const polls = w.network.polls();
    await w.clock.advance(60_000);
    expect(status(w).transport).toBe('websocket');
    expect(w.network.polls()).toBe(polls);
  });
});

describe('without any transport', () => {
  it('turns red, keeps trying and keeps messages, and recovers by itself', async () => {
    const w = await liveWorld();
    w.network.sockets = 'refused';
    w.network.http = 'down';
    w.network.closeAll(1006);
    const sent = w.chat.sendChatMessage(1, 'later');
    await w.clock.advance(10_000);
    expect(status(w)).toMatchObject({ status: 'error', reason: 'unreachable', transport: null, waiting: 1 });
    expect(status(w).retryAt).not.toBeNull();
    expect(w.chat.getTimeline(1).pending).toMatchObject([{ content: 'later', error: null }]);
    w.network.sockets = 'none';
    w.network.http = 'none';
    await w.clock.advance(31_000);
    expect((await sent).message.content).toBe('later');
    expect(status(w)).toMatchObject({ status: 'connected', waiting: 0 });
    expect(w.chat.getTimeline(1).pending).toEqual([]);
  });

  it('shows that the host is offline, and reconnects at once when it is online', async () => {
    const w = await liveWorld();
    w.online = false;
    w.network.sockets = 'refused';
    w.network.http = 'down';
    w.host('offline');
    w.network.closeAll(1006);
    await w.clock.advance(20_000);
    expect(status(w)).toMatchObject({ status: 'error', reason: 'offline' });
    w.online = true;
    w.network.sockets = 'none';
    w.network.http = 'none';
    w.host('online');
    await w.clock.advance(1_200);
    expect(status(w).status).toBe('connected');
  });

  it('reconnects at once on retryNow', async () => {
    const w = world();
    w.network.sockets = 'refused';
    w.network.http = 'down';
    w.chat.connect();
    await w.clock.advance(60_000);
    w.network.sockets = 'none';
    w.network.http = 'none';
    w.chat.retryNow();
    await w.clock.advance(1_100);
    expect(status(w).status).toBe('connected');
  });
});

describe('sending', () => {
  it('uses the WebSocket while it is live', async () => {
    const w = await liveWorld();
    const before = w.network.requests.length;
    const sent = w.chat.sendChatMessage(1, 'hi');
    expect(w.chat.getTimeline(1).pending).toMatchObject([{ content: 'hi' }]);
    await w.clock.advance(100);
    expect(await sent).toMatchObject({ method: 'websocket', message: { content: 'hi' } });
    expect(w.network.requests.length).toBe(before);
    expect(w.texts(1)).toEqual(['hi']);
    expect(w.chat.getTimeline(1).pending).toEqual([]);
  });

  it('keeps the order within a room, and quotes the message of a reply', async () => {
    const w = await liveWorld();
    const all = ['a', 'b', 'c', 'd'].map((text) => w.chat.sendChatMessage(1, text));
    await w.clock.advance(1_000);
    const first = (await all[0])?.message;
    await Promise.all(all);
    void w.chat.sendChatMessage(1, 'e', first?.id);
    await w.clock.advance(100);
    expect(w.texts(1)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(w.chat.getTimeline(1).messages.at(-1)?.reply_to).toMatchObject({ id: first?.id, excerpt: 'a' });
  });

  it('sends the same id by REST after two seconds without an ack, stores one message, and replaces the zombie', async () => {
    const w = await liveWorld();
    const sockets = w.network.open.size;
    w.network.sockets = 'silent';
    const sent = w.chat.sendChatMessage(1, 'once');
    await w.clock.advance(1_900);
    expect(w.chat.getTimeline(1).pending).toMatchObject([{ state: 'sending' }]);
    await w.clock.advance(300);
    expect(await sent).toMatchObject({ method: 'rest' });
    expect(w.log.map((entry) => entry.event)).toContain('zombie');
    expect(status(w).transport).not.toBe('websocket');
    w.network.sockets = 'none';
    await w.clock.advance(10_000);
    expect(status(w).transport).toBe('websocket');
    expect(w.network.open.size).toBe(sockets);
    expect(w.server.rooms.get(1)?.messages.size).toBe(1);
    expect(w.texts(1)).toEqual(['once']);
  });

  it('does not treat a slow server as a zombie, and uses the first answer', async () => {
    const w = await liveWorld();
    w.network.lag_ms = 2_500;
    w.server.post(1, BOB, 'noise');
    await w.clock.advance(1_000);
    const sent = w.chat.sendChatMessage(1, 'slow');
    await w.clock.advance(10_000);
    expect((await sent).message.content).toBe('slow');
    expect(w.log.map((entry) => entry.event)).not.toContain('zombie');
    expect(w.server.rooms.get(1)?.messages.size).toBe(2);
  });

  it('replaces a socket that receives but does not send', async () => {
    const w = await liveWorld();
    w.network.sockets = 'deaf';
    const sent = w.chat.sendChatMessage(1, 'unheard');
    await w.clock.advance(2_500);
    expect((await sent).message.content).toBe('unheard');
    await w.clock.advance(3_000);
    expect(w.log.map((entry) => entry.event)).toContain('zombie');
    expect(w.texts(1)).toEqual(['unheard']);
  });

  it('does not wait forever for an answer that a working socket has lost', async () => {
    const w = await liveWorld();
    w.network.http = 'down';
    w.network.sockets = 'mute';
    const sent = w.chat.sendChatMessage(1, 'where is my ack');
    await w.clock.advance(15);
    w.network.sockets = 'none';
    await w.clock.advance(15_000);
    expect((await sent).message.content).toBe('where is my ack');
    expect(w.server.rooms.get(1)?.messages.size).toBe(1);
  });

  it.each(['mute', 'silent'] as const)(
    'sends again by REST what a socket had not answered that was %s and died',
    async (fault) => {
      const w = await liveWorld();
      w.network.sockets = fault;
      const sent = w.chat.sendChatMessage(1, 'under way');
      await w.clock.advance(500);
      w.network.sockets = 'refused';
      w.network.closeAll(1006);
      await w.clock.advance(60);
      expect(await sent).toMatchObject({ method: 'rest', message: { content: 'under way' } });
      expect(w.server.rooms.get(1)?.messages.size).toBe(1);
    },
  );

  it('is confirmed by its own event, when that arrives before the ack', async () => {
    const w = await liveWorld();
    w.network.http = 'lost';
    w.network.sockets = 'refused';
    w.network.closeAll(1006);
    await w.clock.advance(300);
    const sent = w.chat.sendChatMessage(1, 'seen');
    await w.clock.advance(300);
    expect(w.server.rooms.get(1)?.messages.size).toBe(1);
    w.network.http = 'none';
    await w.clock.advance(2_000);
    expect((await sent).message.seq).toBe(1);
    expect(w.texts(1)).toEqual(['seen']);
  });

  it('fails a refused message, and sends the next', async () => {
    const w = await liveWorld();
    w.network.refuseNext = new Refusal('invalid');
    const refused = w.chat.sendChatMessage(1, 'bad').catch((error: unknown) => error);
    const next = w.chat.sendChatMessage(1, 'good');
    await w.clock.advance(500);
    expect(await refused).toMatchObject({ name: 'ChatError', code: 'invalid', status: 422 });
    expect((await next).message.content).toBe('good');
    expect(w.chat.getTimeline(1).pending).toMatchObject([
      { content: 'bad', state: 'failed', error: { code: 'invalid' } },
    ]);
    expect(w.chat.getSnapshot().outbox).toEqual({ waiting: 0, failed: 1, durable: true });
    w.chat.retryAll(1);
    await w.clock.advance(500);
    expect(w.texts(1)).toEqual(['good', 'bad']);
  });

  it('waits as long as the server demands', async () => {
    const w = await liveWorld();
    w.network.refuseNext = new Refusal('rate_limited', 7);
    const sent = w.chat.sendChatMessage(1, 'patient');
    await w.clock.advance(6_500);
    w.host('wake');
    expect(w.server.rooms.get(1)?.messages.size).toBe(0);
    await w.clock.advance(1_000);
    expect((await sent).message.content).toBe('patient');
  });

  it('removes a discarded message', async () => {
    const w = await liveWorld();
    w.network.sockets = 'refused';
    w.network.http = 'down';
    w.network.closeAll(1006);
    const sent = w.chat.sendChatMessage(1, 'never mind').catch((error: unknown) => error);
    await w.clock.advance(3_000);
    w.chat.discard(w.chat.getTimeline(1).pending[0]?.id as string);
    expect(await sent).toMatchObject({ code: 'discarded' });
    expect(w.chat.getTimeline(1).pending).toEqual([]);
  });
});

describe('commands', () => {
  it('repeats an idempotent command over REST', async () => {
    const w = await liveWorld();
    const message = w.server.post(1, BOB, 'react to me');
    await w.clock.advance(100);
    w.network.sockets = 'mute';
    const done = w.chat.command('add_reaction', { message_id: message.id, emoji: '👍' });
    await w.clock.advance(100);
    w.network.sockets = 'refused';
    w.network.closeAll(1006);
    await w.clock.advance(500);
    expect((await done).message.reactions).toEqual([{ emoji: '👍', count: 1, user_ids: [ANN] }]);
    expect(w.chat.getTimeline(1).messages[0]?.reactions).toHaveLength(1);
  });

  it('rejects a command that must not be repeated, and executes it once', async () => {
    const w = await liveWorld();
    w.network.sockets = 'mute';
    const done = w.chat.command('create_room', { kind: 'group', name: 'new' }).catch((error: unknown) => error);
    await w.clock.advance(100);
    w.network.sockets = 'none';
    w.network.closeAll(1006);
    await w.clock.advance(5_000);
    expect(await done).toMatchObject({ code: 'connection_lost' });
    expect(w.server.rooms.size).toBe(2);
    expect(w.chat.getSnapshot().rooms).toHaveLength(2);
  });

  it('shows a new room as soon as it exists', async () => {
    const w = await liveWorld();
    const done = w.chat.command('create_room', { kind: 'direct', members: [BOB] });
    await w.clock.advance(100);
    const { room } = await done;
    expect(w.chat.getSnapshot().rooms.map(({ id }) => id)).toContain(room.id);
  });
});

describe('missed events', () => {
  it('are requested when a gap lasts', async () => {
    const w = await liveWorld();
    w.server.deafNext = 1;
    w.server.post(1, BOB, 'lost');
    w.server.post(1, BOB, 'after');
    await w.clock.advance(150);
    expect(w.texts(1)).toEqual([]);
    await w.clock.advance(200);
    expect(w.texts(1)).toEqual(['lost', 'after']);
  });

  it('are noticed by the heartbeat when no event follows', async () => {
    const w = await liveWorld();
    w.server.deafNext = 1;
    w.server.post(1, BOB, 'last');
    await w.clock.advance(31_000);
    expect(w.texts(1)).toEqual(['last']);
  });

  it('are replaced by a fresh page when there are too many', async () => {
    const w = await liveWorld();
    w.network.sockets = 'refused';
    w.network.http = 'down';
    w.network.closeAll(1006);
    for (let i = 0; i < 600; i++) w.server.post(1, BOB, `m${i}`);
    await w.clock.advance(1_000);
    w.network.sockets = 'none';
    w.network.http = 'none';
    await w.clock.advance(31_000);
    expect(w.texts(1)).toEqual(Array.from({ length: 50 }, (_, i) => `m${550 + i}`));
    expect(w.chat.getTimeline(1).hasOlder).toBe(true);
    expect(w.chat.getSnapshot().rooms[0]).toMatchObject({ seq: 600, unread_count: 100 });
  });

  it('are replaced by a fresh page on a live socket too', async () => {
    const w = await liveWorld();
    w.server.deafNext = 700;
    for (let i = 0; i < 700; i++) w.server.post(1, BOB, `m${i}`);
    w.server.post(1, BOB, 'm700');
    const sent = w.network.said.length;
    await w.clock.advance(2_000);
    expect(w.texts(1)).toEqual(Array.from({ length: 50 }, (_, i) => `m${651 + i}`));
    expect(w.network.said.slice(sent).filter((frame) => frame.type === 'get_events')).toHaveLength(1);
  });

  it('are all events after a restored backup: cursors and caches are dropped', async () => {
    const w = await liveWorld();
    w.server.post(1, BOB, 'old world');
    await w.clock.advance(100);
    w.server.epoch = 'epoch-2';
    const room = w.server.rooms.get(1);
    room?.log.splice(0);
    room?.messages.clear();
    w.server.post(1, BOB, 'new world');
    w.network.closeAll(1012);
    await w.clock.advance(10_000);
    expect(w.texts(1)).toEqual(['new world']);
    w.server.post(1, BOB, 'goes on');
    await w.clock.advance(100);
    expect(w.texts(1)).toEqual(['new world', 'goes on']);
  });

  it('a socket with frames of an old epoch is closed', async () => {
    const w = await liveWorld();
    w.network.say({ type: 'going_away', retry_after_ms: 60_000 });
    await w.clock.advance(300);
    // Nothing comes by the old socket for now; HTTP reports the new epoch.
    w.network.lag_ms = 3_600_000;
    w.server.rewind(0);
    w.server.post(1, BOB, 'new world');
    await w.clock.advance(1_000);
    expect(w.network.open.size).toBe(1);
    w.network.lag_ms = 0;
    const ghost = { ...(w.server.rooms.get(1)?.log[0] as RoomEvent), seq: 2 } as Extract<
      RoomEvent,
      { type: 'message_created' }
    >;
    w.network.say({ ...ghost, message: { ...ghost.message, id: 'ghost', seq: 2, rev_seq: 2, content: 'old world' } });
    await w.clock.advance(500);
    expect(w.network.open.size).toBe(0);
    expect(w.texts(1)).toEqual(['new world']);
    expect(status(w)).toMatchObject({ status: 'disconnected', transport: 'rest' });
  });

  it('fetches the room list when the heartbeat has a newer version', async () => {
    const w = await liveWorld();
    const listeners = [...w.server.listeners];
    w.server.listeners.clear();
    w.server.createRoom([ANN], 'group', 'secret');
    for (const listener of listeners) w.server.listeners.add(listener);
    await w.clock.advance(31_000);
    expect(w.chat.getSnapshot().rooms.map((room) => room.name)).toContain('secret');
  });
});

describe('leaving', () => {
  it('switches to HTTP at once when the node announces a restart, and reconnects at the given time', async () => {
    const w = await liveWorld();
    w.network.say({ type: 'going_away', retry_after_ms: 2_000 });
    await w.clock.advance(50);
    expect(status(w).retryAt).not.toBeNull();
    w.server.post(1, BOB, 'meanwhile');
    await w.clock.advance(300);
    expect(w.network.requests.at(-1)?.path).toContain('/api/sync');
    await w.clock.advance(3_000);
    expect(status(w)).toMatchObject({ status: 'connected', transport: 'websocket' });
    expect(w.texts(1)).toEqual(['meanwhile']);
  });

  it('is signed out only if REST confirms it', async () => {
    const w = await liveWorld();
    w.network.closeAll(4401);
    await w.clock.advance(5_000);
    expect(status(w).status).toBe('connected');
    w.network.http = 401;
    w.network.sockets = 'refused';
    w.network.closeAll(4401);
    const sent = w.chat.sendChatMessage(1, 'kept');
    await w.clock.advance(2_000);
    expect(status(w)).toMatchObject({ status: 'error', reason: 'signed_out', waiting: 1 });
    const requests = w.network.requests.length;
    await w.clock.advance(600_000);
    expect(w.network.requests.length).toBe(requests);
    w.network.http = 'none';
    w.network.sockets = 'none';
    w.chat.connect();
    await w.clock.advance(2_000);
    expect((await sent).message.content).toBe('kept');
  });

  it.each([
    [4403, 'forbidden'],
    [4409, 'superseded'],
    [4426, 'update_required'],
  ] as const)('stops for a person after %i', async (code, reason) => {
    const w = await liveWorld();
    w.network.closeAll(code);
    await w.clock.advance(1_000);
    expect(status(w)).toMatchObject({ status: 'error', reason, transport: null, retryAt: null });
  });

  it('detects a half-open socket by its silence', async () => {
    const w = await liveWorld();
    w.network.sockets = 'silent';
    await w.clock.advance(41_000);
    expect(status(w).transport).not.toBe('websocket');
  });

  it('detects it within seconds after a wake', async () => {
    const w = await liveWorld();
    w.network.sockets = 'silent';
    w.host('wake');
    await w.clock.advance(4_500);
    expect(status(w).transport).toBe('rest');
  });

  it('closes everything on disconnect, and starts again on connect', async () => {
    const w = await liveWorld();
    await w.chat.disconnect();
    expect(w.network.open.size).toBe(0);
    const requests = w.network.requests.length;
    await w.clock.advance(120_000);
    expect(w.network.requests.length).toBe(requests);
    w.server.post(1, BOB, 'while away');
    w.chat.connect();
    await w.clock.advance(2_000);
    expect(status(w).status).toBe('connected');
    expect(w.texts(1)).toEqual(['while away']);
  });

  it('shows nothing of the previous person when another one signs in', async () => {
    const w = await liveWorld();
    w.server.createRoom([BOB], 'group', "bob's");
    w.server.post(1, BOB, 'for both');
    w.network.closeAll(4401);
    w.network.http = 401;
    w.network.sockets = 'refused';
    await w.clock.advance(100);
    void w.chat.sendChatMessage(1, "ann's own");
    await w.clock.advance(2_000);
    w.network.user = w.server.users.get(BOB) as never;
    w.network.http = 'none';
    w.network.sockets = 'none';
    w.chat.connect();
    await w.clock.advance(5_000);
    expect(w.chat.getSnapshot()).toMatchObject({ user: { username: 'bob' }, outbox: { waiting: 0 } });
    expect(w.chat.getSnapshot().rooms).toHaveLength(2);
    expect(w.chat.getTimeline(1)).toMatchObject({ messages: [], pending: [] });
    expect(w.server.rooms.get(1)?.messages.size).toBe(1);
  });
});

describe('the room list', () => {
  it('counts unread messages at once, and on the other device', async () => {
    const w = await liveWorld();
    w.server.post(1, BOB, 'one');
    w.server.post(1, BOB, 'two @ann');
    await w.clock.advance(100);
    expect(w.chat.getSnapshot()).toMatchObject({ totalUnreadCount: 2, unreadCounts: { 1: 2 } });
    expect(w.chat.getSnapshot().rooms[0]).toMatchObject({ mention_count: 1 });
    w.chat.markRead(1, 1);
    expect(w.chat.getSnapshot().totalUnreadCount).toBe(1);
    await w.clock.advance(1_000);
    expect(w.server.rooms.get(1)?.members.get(ANN)?.read).toBe(1);
    w.server.run(ANN, 'mark_read', { room_id: 1, seq: 2 });
    await w.clock.advance(100);
    expect(w.chat.getSnapshot()).toMatchObject({ totalUnreadCount: 0, unreadCounts: {} });
  });

  it('sends many read marks as one', async () => {
    const w = await liveWorld();
    for (let i = 0; i < 10; i++) w.server.post(1, BOB, `m${i}`);
    await w.clock.advance(100);
    for (let seq = 1; seq <= 10; seq++) w.chat.markRead(1, seq);
    w.chat.markRead(1, 4);
    await w.clock.advance(2_000);
    expect(w.network.said.filter((frame) => frame.type === 'mark_read')).toMatchObject([{ seq: 10 }]);
  });

  it('puts the newest activity first', async () => {
    const w = await liveWorld({}, (server) => server.createRoom([ANN, BOB], 'group', 'second'));
    w.server.post(1, BOB, 'a');
    await w.clock.advance(1_000);
    w.server.post(2, BOB, 'b');
    await w.clock.advance(1_000);
    expect(w.chat.getSnapshot().rooms.map((room) => room.id)).toEqual([2, 1]);
    w.server.post(1, BOB, 'c');
    await w.clock.advance(1_000);
    expect(w.chat.getSnapshot().rooms.map((room) => room.id)).toEqual([1, 2]);
  });

  it('shows nothing of a room after a removal', async () => {
    const w = await liveWorld();
    w.server.post(1, BOB, 'secret');
    await w.clock.advance(100);
    w.server.remove(1, ANN);
    await w.clock.advance(100);
    expect(w.chat.getSnapshot().rooms).toEqual([]);
    expect(w.chat.getTimeline(1)).toMatchObject({ messages: [], error: { code: 'room_removed' } });
  });

  it('is fetched over the WebSocket when it is live', async () => {
    const w = await liveWorld();
    expect(await refreshed(w)).toMatchObject({ method: 'websocket', rooms: [{ id: 1 }] });
  });
});

describe('typing and presence', () => {
  it('typing ends by itself, and with the message', async () => {
    const w = await liveWorld();
    w.server.run(BOB, 'typing', { room_id: 1, active: true });
    await w.clock.advance(100);
    expect(w.chat.getSnapshot().typing).toEqual({ 1: [BOB] });
    await w.clock.advance(6_000);
    expect(w.chat.getSnapshot().typing).toEqual({});
    w.server.run(BOB, 'typing', { room_id: 1, active: true });
    await w.clock.advance(50);
    w.server.post(1, BOB, 'done');
    await w.clock.advance(50);
    expect(w.chat.getSnapshot().typing).toEqual({});
  });

  it('sends typing at most every three seconds, and its end', async () => {
    const w = await liveWorld();
    for (let i = 0; i < 30; i++) {
      w.chat.setTyping(1, true);
      await w.clock.advance(100);
    }
    w.chat.setTyping(1, false);
    w.chat.setTyping(1, false);
    await w.clock.advance(100);
    const sent = w.network.said.filter((frame) => frame.type === 'typing').map((frame) => frame.active);
    expect(sent).toEqual([true, false]);
  });

  it('shows who is present', async () => {
    const w = await liveWorld();
    w.network.say({ type: 'presence', user_id: BOB, state: 'away' });
    await w.clock.advance(50);
    expect(w.chat.getSnapshot().presence).toEqual({ [BOB]: 'away' });
    w.network.say({ type: 'presence', user_id: BOB, state: 'offline' });
    await w.clock.advance(50);
    expect(w.chat.getSnapshot().presence).toEqual({});
  });

  it('sends that this person is away, and again on a new connection', async () => {
    const w = await liveWorld();
    w.chat.setPresence('online');
    w.chat.setPresence('away');
    await w.clock.advance(50);
    w.network.closeAll(1006);
    await w.clock.advance(5_000);
    const sent = w.network.said.filter((frame) => frame.type === 'set_presence').map((frame) => frame.state);
    expect(sent).toEqual(['away', 'away']);
  });

  it('removes people who are not named after a new hello', async () => {
    const w = await liveWorld();
    w.network.say({ type: 'presence', user_id: BOB, state: 'away' });
    await w.clock.advance(50);
    const { presence } = w.chat.getSnapshot();
    w.network.closeAll(1006);
    await w.clock.advance(20);
    expect(w.chat.getSnapshot().presence).toBe(presence);
    await w.clock.advance(5_000);
    expect(w.chat.getSnapshot()).toMatchObject({ presence: {}, connection: { status: 'connected' } });
  });
});

describe('snapshots', () => {
  it('keep their identity where nothing changed, and notify once per task', async () => {
    const w = await liveWorld({}, (server) => server.createRoom([ANN, BOB], 'group', 'second'));
    void w.chat.openRoom(2);
    await w.clock.advance(100);
    const [snapshot, one, two] = [w.chat.getSnapshot(), w.chat.getTimeline(1), w.chat.getTimeline(2)];
    let calls = 0;
    w.chat.subscribe(() => calls++);
    w.network.say({ type: 'typing', room_id: 1, user_id: ANN, active: true });
    await w.clock.advance(50);
    expect(w.chat.getSnapshot()).toBe(snapshot);
    const before = calls;
    for (const socket of w.network.open) {
      socket.onmessage?.({
        data: JSON.stringify([
          { type: 'presence', user_id: BOB, state: 'online' },
          { type: 'presence', user_id: BOB, state: 'away' },
        ]),
      } as never);
    }
    await w.clock.advance(0);
    expect(calls).toBe(before + 1);
    w.server.post(1, BOB, 'only here');
    await w.clock.advance(50);
    expect(w.chat.getTimeline(1)).not.toBe(one);
    expect(w.chat.getTimeline(2)).toBe(two);
    const now = w.chat.getSnapshot();
    expect(now.rooms.find((room) => room.id === 2)).toBe(snapshot.rooms.find((room) => room.id === 2));
    expect(now.limits).toBe(snapshot.limits);
    expect(now.typing).toBe(snapshot.typing);
  });
});

async function refreshed(w: World): Promise<unknown> {
  const answer = w.chat.refreshRoomList();
  await w.clock.advance(500);
  return answer;
}

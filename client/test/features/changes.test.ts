/** Edits, deletions and reactions through the outbox, over both transports. */
import { describe, expect, it } from 'vitest';
import { memoryStorage } from '../../src/outboxStorage.ts';
import type { Message } from '../../src/protocol.ts';
import { Refusal } from '../../src/testing/index.ts';
import { ANN, BOB, liveWorld, type World, world } from '../world.ts';

const TRANSPORTS = ['websocket', 'rest'] as const;
type Transport = (typeof TRANSPORTS)[number];

/** Ann in room 1, over this transport, with a message of hers and one of Bob's. */
async function talking(transport: Transport, storage = memoryStorage()) {
  const w = world({ storage }, (server) => {
    server.createRoom([ANN, BOB], 'channel', 'second');
    server.post(1, ANN, 'helo');
    server.post(1, BOB, 'hi');
  });
  if (transport === 'rest') w.network.sockets = 'refused';
  w.chat.connect();
  await w.clock.advance(1_000);
  void w.chat.openRoom(1);
  await w.clock.advance(1_000);
  return w;
}

async function goOffline(w: World): Promise<void> {
  Object.assign(w.network, { http: 'down', sockets: 'refused' });
  w.network.closeAll(1006);
  // A poll that waits notices at its end.
  await w.clock.advance(60_000);
}

async function comeBack(w: World, transport: Transport): Promise<void> {
  Object.assign(w.network, { http: 'none', sockets: transport === 'rest' ? 'refused' : 'none' });
  w.host('online');
  await w.clock.advance(60_000);
}

const first = (w: World): Message => w.chat.getTimeline(1).messages[0] as Message;
const stored = (w: World): string[] => [...(w.server.rooms.get(1)?.messages.values() ?? [])].map((m) => m.content);
const events = (w: World): string[] => (w.server.rooms.get(1)?.log ?? []).map((event) => event.type);
const quiet = (promise: Promise<unknown>): void => void promise.catch(() => {});

describe.each(TRANSPORTS)('over %s', (transport) => {
  it('an edit is applied and acknowledged', async () => {
    const w = await talking(transport);
    const done = w.chat.editMessage(first(w), 'hello');
    expect(w.chat.getTimeline(1).changes).toMatchObject([{ content: 'hello', change: { type: 'edit_message' } }]);
    await w.clock.advance(1_000);
    await done;
    expect(stored(w)).toEqual(['hello', 'hi']);
    expect(w.texts(1)).toEqual(['hello', 'hi']);
    expect(w.chat.getTimeline(1).changes).toEqual([]);
  });

  it('a change without a connection waits, and is sent once when there is one', async () => {
    const w = await talking(transport);
    await goOffline(w);
    quiet(w.chat.editMessage(first(w), 'hello'));
    quiet(w.chat.react(w.chat.getTimeline(1).messages[1] as Message, '👍', true));
    await w.clock.advance(30_000);
    expect(w.chat.getTimeline(1).changes).toHaveLength(2);
    expect(w.chat.getSnapshot().outbox).toMatchObject({ waiting: 2, failed: 0 });
    await comeBack(w, transport);
    expect(stored(w)).toEqual(['hello', 'hi']);
    expect(events(w)).toEqual(['message_created', 'message_created', 'message_edited', 'reaction_added']);
    expect(w.chat.getSnapshot().outbox.waiting).toBe(0);
  });

  it('a cancelled command is never applied', async () => {
    const w = await talking(transport);
    await goOffline(w);
    const asked = [
      w.chat.editMessage(first(w), 'regretted'),
      w.chat.react(first(w), '👍', true),
      w.chat.deleteMessage(w.chat.getTimeline(1).messages[0] as Message),
    ];
    asked.forEach(quiet);
    await w.clock.advance(20_000);
    for (const { id } of w.chat.getTimeline(1).changes) w.chat.discard(id);
    await comeBack(w, transport);
    expect(events(w)).toEqual(['message_created', 'message_created']);
    await expect(asked[2]).rejects.toMatchObject({ code: 'discarded' });
  });

  it('an edit whose answer was lost is undone when it is cancelled', async () => {
    const w = await talking('rest');
    w.network.http = 'lost';
    quiet(w.chat.editMessage(first(w), 'regretted'));
    await w.clock.advance(100);
    expect(stored(w)[0]).toBe('regretted');
    const [change] = w.chat.getTimeline(1).changes;
    expect(change).toMatchObject({ unsure: true });
    w.chat.discard(change?.id as string);
    expect(w.chat.getTimeline(1).changes).toEqual([]);
    expect(w.chat.getUnsent()).toEqual([]);
    await comeBack(w, transport);
    expect(stored(w)[0]).toBe('helo');
    expect(w.chat.getSnapshot().outbox.waiting).toBe(0);
  });

  it('a message whose answer was lost is deleted when it is discarded', async () => {
    const w = await talking('rest');
    w.network.http = 'lost';
    quiet(w.chat.sendChatMessage(1, 'regretted'));
    await w.clock.advance(100);
    expect(stored(w)).toContain('regretted');
    w.chat.discard(w.chat.getTimeline(1).pending[0]?.id as string);
    await comeBack(w, transport);
    expect(stored(w)).not.toContain('regretted');
    expect(w.server.rooms.get(1)?.messages.size).toBe(3);
    expect(w.chat.getUnsent()).toEqual([]);
  });

  it('messages and changes of a room are sent in order', async () => {
    const w = await talking(transport);
    await goOffline(w);
    quiet(w.chat.sendChatMessage(1, 'a'));
    quiet(w.chat.editMessage(first(w), 'hello'));
    quiet(w.chat.sendChatMessage(1, 'b'));
    await comeBack(w, transport);
    expect(events(w).slice(2)).toEqual(['message_created', 'message_edited', 'message_created']);
  });

  it('an edit made elsewhere meanwhile is a conflict: both texts are shown, and the person chooses', async () => {
    const w = await talking(transport);
    await goOffline(w);
    quiet(w.chat.editMessage(first(w), 'from the train'));
    w.server.run(ANN, 'edit_message', { message_id: first(w).id, content: 'from the phone' });
    await comeBack(w, transport);
    expect(stored(w)[0]).toBe('from the phone');
    expect(w.texts(1)[0]).toBe('from the phone');
    const [change] = w.chat.getTimeline(1).changes;
    expect(change).toMatchObject({ content: 'from the train', state: 'failed', error: { code: 'edit_conflict' } });
    w.chat.retry(change?.id as string);
    await w.clock.advance(1_000);
    expect(stored(w)[0]).toBe('from the train');
    expect(w.chat.getUnsent()).toEqual([]);
  });

  it('a reaction meanwhile is no conflict', async () => {
    const w = await talking(transport);
    await goOffline(w);
    quiet(w.chat.editMessage(first(w), 'hello'));
    w.server.run(BOB, 'add_reaction', { message_id: first(w).id, emoji: '👀' });
    await comeBack(w, transport);
    expect(stored(w)[0]).toBe('hello');
    expect(w.chat.getUnsent()).toEqual([]);
  });

  it('commands that change something are rejected at once without a connection, and not executed afterwards', async () => {
    const w = await talking(transport);
    await goOffline(w);
    const refused = w.chat.command('create_room', { kind: 'channel', name: 'late' });
    await expect(refused).rejects.toMatchObject({ code: 'offline' });
    await comeBack(w, transport);
    expect([...w.server.rooms.values()].map((room) => room.name)).not.toContain('late');
  });

  it('a cancelled command is not retried', async () => {
    const w = await talking(transport);
    Object.assign(w.network, { http: 503, sockets: 'refused' });
    w.network.closeAll(1006);
    const stop = new AbortController();
    const asked = w.chat.command('edit_message', { message_id: first(w).id, content: 'x' }, { signal: stop.signal });
    const refused = expect(asked).rejects.toMatchObject({ code: 'cancelled' });
    await w.clock.advance(50);
    stop.abort();
    await refused;
    await comeBack(w, transport);
    expect(stored(w)[0]).toBe('helo');
  });
});

describe('an unsent item', () => {
  it('is edited and deleted in the outbox', async () => {
    const w = await talking('websocket');
    // The network fails after the client knows that it is offline: nothing was tried.
    w.network.refuseNext = null;
    quiet(w.chat.sendChatMessage(1, 'first'));
    await w.clock.advance(1_000);
    await goOffline(w);
    quiet(w.chat.sendChatMessage(1, 'in front'));
    quiet(w.chat.sendChatMessage(1, 'helo again'));
    quiet(w.chat.sendChatMessage(1, 'never mind'));
    const [, again, never] = w.chat.getTimeline(1).pending;
    await w.chat.editMessage({ id: again?.id as string, room_id: 1, content: 'helo again' }, 'hello again');
    await w.chat.deleteMessage({ id: never?.id as string, room_id: 1 });
    expect(w.chat.getTimeline(1).pending.map((item) => item.content)).toEqual(['in front', 'hello again']);
    await comeBack(w, 'websocket');
    expect(stored(w)).toEqual(['helo', 'hi', 'first', 'in front', 'hello again']);
    expect(events(w)).not.toContain('message_edited');
  });

  it('an edit of a message that may have arrived follows it', async () => {
    const w = await talking('rest');
    w.network.http = 'lost';
    quiet(w.chat.sendChatMessage(1, 'helo'));
    await w.clock.advance(100);
    const [sent] = w.chat.getTimeline(1).pending;
    quiet(w.chat.editMessage({ id: sent?.id as string, room_id: 1, content: 'helo' }, 'hello'));
    await comeBack(w, 'rest');
    expect(stored(w)).toEqual(['helo', 'hi', 'hello']);
  });

  it('a second edit replaces the first, and one back to the old text is none', async () => {
    const w = await talking('websocket');
    await goOffline(w);
    quiet(w.chat.editMessage(first(w), 'one'));
    quiet(w.chat.editMessage(first(w), 'two'));
    expect(w.chat.getTimeline(1).changes.map((item) => item.content)).toEqual(['two']);
    quiet(w.chat.editMessage(first(w), 'helo'));
    expect(w.chat.getTimeline(1).changes).toEqual([]);
    quiet(w.chat.editMessage(first(w), 'three'));
    await comeBack(w, 'websocket');
    expect(events(w).filter((type) => type === 'message_edited')).toHaveLength(1);
    expect(stored(w)[0]).toBe('three');
  });

  it('a second edit after a lost answer may replace the first', async () => {
    const w = await talking('rest');
    w.network.http = 'lost';
    quiet(w.chat.editMessage(first(w), 'one'));
    await w.clock.advance(100);
    quiet(w.chat.editMessage(first(w), 'two'));
    await comeBack(w, 'rest');
    expect(stored(w)[0]).toBe('two');
    expect(w.chat.getUnsent()).toEqual([]);
  });

  it('a reaction that is removed before it was sent is not sent', async () => {
    const w = await talking('websocket');
    await goOffline(w);
    quiet(w.chat.react(first(w), '👍', true));
    quiet(w.chat.react(first(w), '👍', false));
    expect(w.chat.getUnsent()).toEqual([]);
    await comeBack(w, 'websocket');
    expect(events(w)).not.toContain('reaction_added');
  });

  it('survives a reload', async () => {
    const storage = memoryStorage();
    const w = await talking('websocket', storage);
    await goOffline(w);
    quiet(w.chat.editMessage(first(w), 'hello'));
    quiet(w.chat.react(first(w), '👍', true));
    await w.clock.advance(100);
    const again = world({ storage }, (server) => server.post(1, ANN, 'x'));
    const message = [...(w.server.rooms.get(1)?.messages.values() ?? [])][0] as Message;
    again.server.rooms.get(1)?.messages.set(message.id, { ...message, room_id: 1 });
    again.chat.connect();
    await again.clock.advance(5_000);
    expect(again.server.rooms.get(1)?.messages.get(message.id)).toMatchObject({
      content: 'hello',
      reactions: [{ emoji: '👍' }],
    });
    expect(await storage.load()).toEqual([]);
  });

  it("is shown with its room's name after a removal, and can be restored and sent elsewhere", async () => {
    const w = await talking('websocket');
    await goOffline(w);
    quiet(w.chat.sendChatMessage(2, 'one'));
    quiet(w.chat.sendChatMessage(2, 'two'));
    w.server.remove(2, ANN);
    await comeBack(w, 'websocket');
    expect(w.chat.getSnapshot().rooms.map((room) => room.id)).toEqual([1]);
    const unsent = w.chat.getUnsent();
    expect(unsent).toMatchObject([
      { content: 'one', roomName: '#second', state: 'failed', error: { code: 'not_a_member' } },
      { content: 'two', roomName: '#second', state: 'failed' },
    ]);
    expect(w.chat.getUnsent()).toBe(unsent);
    const [one] = unsent;
    w.chat.discard(one?.id as string);
    expect(w.chat.getUnsent()).toMatchObject([{ content: 'two' }]);
    if (one) w.chat.putBack(one);
    expect(w.chat.getUnsent().map((item) => item.content)).toContain('one');
    await w.clock.advance(1_000);
    expect(w.chat.getSnapshot().outbox).toMatchObject({ failed: 2, waiting: 0 });
  });

  it('a refused change shows why, and blocks no other', async () => {
    const w = await liveWorld({}, (server) => void server.post(1, ANN, 'helo'));
    w.network.refuseNext = new Refusal('message_deleted');
    quiet(w.chat.editMessage(first(w), 'hello'));
    quiet(w.chat.sendChatMessage(1, 'next'));
    await w.clock.advance(1_000);
    expect(stored(w)).toEqual(['helo', 'next']);
    expect(w.chat.getTimeline(1).changes).toMatchObject([{ state: 'failed', error: { code: 'message_deleted' } }]);
  });
});

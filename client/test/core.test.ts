/** The core alone, and with something composed in. What it shares with the full client is in client.test.ts and chaos.test.ts. */
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/commands.ts';
import { type Core, createChat } from '../src/core.ts';
import { withCommands, withPresence } from '../src/full.ts';
import { memoryStorage } from '../src/outboxStorage.ts';
import { FakeClock, MemoryNetwork, MemoryServer } from '../src/testing/index.ts';
import type { CoreOptions } from '../src/types.ts';
import { ANN, BOB } from './world.ts';

function network() {
  const clock = new FakeClock();
  const server = new MemoryServer(clock, ['ann', 'bob']);
  server.createRoom([ANN, BOB]);
  const made = new MemoryNetwork(server, ANN);
  const options: CoreOptions = {
    client: { name: 'test', version: '1' },
    baseUrl: 'http://memory',
    fetch: made.fetch,
    WebSocket: made.WebSocket,
    storage: memoryStorage(),
    clock,
    random: () => 0.5,
  };
  return { clock, server, network: made, options };
}

describe('the core alone', () => {
  it('sends, receives, and keeps the room list current by fetching it', async () => {
    const n = network();
    const chat = createChat(n.options);
    chat.connect();
    await n.clock.advance(1_000);
    void chat.openRoom(1);
    n.server.post(1, BOB, 'hello');
    const sent = chat.sendChatMessage(1, 'hello yourself');
    await n.clock.advance(1_000);
    expect(await sent).toMatchObject({ method: 'websocket', message: { seq: 2 } });
    expect(chat.getTimeline(1).messages.map((message) => message.content)).toEqual(['hello', 'hello yourself']);
    expect(chat.getSnapshot()).toMatchObject({
      connection: { status: 'connected' },
      rooms: [{ seq: 2, last_message: { content: 'hello yourself' } }],
      totalUnreadCount: 1,
      unreadCounts: { 1: 1 },
    });
    n.server.run(ANN, 'mark_read', { room_id: 1, seq: 2 });
    await n.clock.advance(1_000);
    expect(chat.getSnapshot()).toMatchObject({ totalUnreadCount: 0, unreadCounts: {} });
  });

  it('fetches the list at most twice a second, whatever the number of messages', async () => {
    const n = network();
    const chat = createChat(n.options);
    chat.connect();
    await n.clock.advance(1_000);
    for (let i = 0; i < 100; i++) {
      n.server.post(1, BOB, `m${i}`);
      await n.clock.advance(100);
    }
    await n.clock.advance(1_000);
    expect(n.network.said.filter((frame) => frame.type === 'get_room_list').length).toBeLessThanOrEqual(21);
    expect(chat.getSnapshot().totalUnreadCount).toBe(100);
  });
});

describe('a feature', () => {
  it('adds methods to the chat, and extends those of earlier features', async () => {
    const n = network();
    const seen: string[] = [];
    const counting = ({ chat, onFrame }: Core) => {
      const { sendChatMessage } = chat;
      let frames = 0;
      onFrame.push(() => frames++);
      return {
        frames: () => frames,
        sendChatMessage: ((roomId, content, ...rest) => {
          seen.push(content);
          return sendChatMessage(roomId, content, ...rest);
        }) as typeof sendChatMessage,
      };
    };
    const { add_reaction } = COMMANDS;
    const chat = createChat({ ...n.options, commands: { add_reaction } }, withCommands, withPresence, counting);
    chat.connect();
    await n.clock.advance(1_000);
    chat.setTyping(1, true);
    const sent = chat.sendChatMessage(1, 'counted');
    await n.clock.advance(100);
    const { message } = await sent;
    const reacted = chat.command('add_reaction', { message_id: message.id, emoji: '👍' });
    await n.clock.advance(100);
    expect((await reacted).message.reactions).toHaveLength(1);
    // Refused also while the socket is live, which needs no route.
    await expect(chat.command('get_room', { room_id: 1 })).rejects.toThrow('Name get_room in the option "commands".');
    expect(seen).toEqual(['counted']);
    expect(chat.frames()).toBeGreaterThan(3);
    expect(chat.getSnapshot().presence).toEqual({});
    expect(chat.getSnapshot()).toBe(chat.getSnapshot());
  });
});

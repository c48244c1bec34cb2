import { describe, expect, it } from 'vitest';
import { deliverOutbox } from '../../src/worker/index.ts';
import type { OutboxItem } from '../../src/types.ts';
import { ANN, BOB, Browser } from '../tabs/browser.ts';

interface World {
  readonly browser: Browser;
  readonly deliver: () => Promise<string>;
  readonly left: () => Promise<string[]>;
}

const item = (id: string, more: Partial<OutboxItem> = {}): OutboxItem => ({
  id,
  userId: ANN,
  roomId: 1,
  content: `text ${id}`,
  replyTo: null,
  attachments: [],
  createdAt: Date.UTC(2026, 0, 1),
  state: 'queued',
  error: null,
  ...more,
});

async function world(...items: OutboxItem[]): Promise<World> {
  const browser = new Browser();
  const { clock, network, storage, locks } = browser;
  for (const each of items) await storage.put(each);
  const worker = { gate: (run: () => unknown) => run() };
  return {
    browser,
    async deliver() {
      const delivered = deliverOutbox({
        baseUrl: 'http://memory',
        storage,
        locks: locks.of(worker as never),
        fetch: network.fetch,
        now: () => clock.now(),
      });
      await clock.advance(1_000);
      return delivered;
    },
    left: async () => (await storage.load()).map(({ id }) => id),
  };
}

const stored = ({ browser }: World, roomId = 1): string[] =>
  [...(browser.server.rooms.get(roomId)?.messages.values() ?? [])].map(({ id }) => id);

describe('delivering messages of closed tabs', () => {
  it('sends them with their ids, in the order written, and removes them', async () => {
    const w = await world(item('c'), item('a'), item('b'));
    expect(await w.deliver()).toBe('done');
    expect(stored(w)).toEqual(['a', 'b', 'c']);
    expect(await w.left()).toEqual([]);
  });

  it('sends no request where there are none', async () => {
    const w = await world();
    expect(await w.deliver()).toBe('done');
    expect(w.browser.network.requests).toEqual([]);
  });

  it('a message that the server has is stored once', async () => {
    const w = await world(item('a'));
    w.browser.server.send(ANN, { id: 'a', room_id: 1, content: 'text a' });
    expect(await w.deliver()).toBe('done');
    expect(stored(w)).toEqual(['a']);
  });

  it('touches only messages of the person whose session it is', async () => {
    const w = await world(item('a', { userId: BOB }), item('b'));
    expect(await w.deliver()).toBe('done');
    expect(stored(w)).toEqual(['b']);
    expect(await w.left()).toEqual(['a']);
  });

  it('without a session all messages stay', async () => {
    const w = await world(item('a'));
    w.browser.network.http = 401;
    expect(await w.deliver()).toBe('signed_out');
    expect(await w.left()).toEqual(['a']);
  });

  it('without an answer it asks to be called again, and keeps the order', async () => {
    const w = await world(item('a'), item('b'));
    w.browser.network.http = 'down';
    expect(await w.deliver()).toBe('later');
    w.browser.network.http = 503;
    expect(await w.deliver()).toBe('later');
    w.browser.network.http = 'none';
    expect(await w.deliver()).toBe('done');
    expect(stored(w)).toEqual(['a', 'b']);
  });

  it('a refused message is kept with the reason, and blocks no other', async () => {
    const w = await world(item('a', { roomId: 99 }), item('b'));
    expect(await w.deliver()).toBe('done');
    expect(stored(w)).toEqual(['b']);
    const [kept] = await w.browser.storage.load();
    expect(kept).toMatchObject({ id: 'a', state: 'failed', error: { status: 404 } });
  });

  it('changes of messages are sent as well, in order', async () => {
    const message_id = 'm';
    const change = { type: 'edit_message', message_id, content: 'right', bases: ['wrong'] } as const;
    const w = await world(
      item('a', { content: 'right', change }),
      item('b', { content: '', change: { type: 'add_reaction', message_id, emoji: '👍' } }),
      item('c', { content: '', change: { type: 'delete_message', message_id: 'n' } }),
    );
    w.browser.server.send(ANN, { id: 'm', room_id: 1, content: 'wrong' });
    w.browser.server.send(ANN, { id: 'n', room_id: 1, content: 'too much' });
    expect(await w.deliver()).toBe('done');
    const { messages } = w.browser.server.rooms.get(1) as { messages: Map<string, object> };
    expect(messages.get('m')).toMatchObject({ content: 'right', reactions: [{ emoji: '👍' }] });
    expect(messages.get('n')).toMatchObject({ deleted: true });
    expect(await w.left()).toEqual([]);
  });

  it('a conflicting edit is left for the person, and an undo of nothing is removed', async () => {
    const change = {
      type: 'edit_message',
      message_id: 'm',
      content: 'mine',
      bases: ['old'],
      seq: 1,
      base_seq: 0,
    } as const;
    const undo = { type: 'delete_message', message_id: 'never arrived', undo: true } as const;
    const w = await world(item('a', { content: 'mine', change }), item('b', { content: '', change: undo }));
    w.browser.server.send(ANN, { id: 'm', room_id: 1, content: 'of the phone' });
    await w.deliver();
    const kept = await w.browser.storage.load();
    expect(kept).toMatchObject([{ id: 'a', content: 'mine', state: 'failed', error: { code: 'edit_conflict' } }]);
  });

  it('a message older than a day is left for the person to decide', async () => {
    const w = await world(item('a', { createdAt: 0 }));
    expect(await w.deliver()).toBe('later');
    expect(stored(w)).toEqual([]);
  });

  it('a message of a living tab stays with it', async () => {
    const w = await world();
    const { browser } = w;
    const tab = browser.open();
    await browser.clock.advance(1_000);
    Object.assign(browser.network, { sockets: 'refused', http: 'down' });
    browser.network.closeAll(1006);
    void tab.chat.sendChatMessage(1, 'typed here');
    await browser.clock.advance(5_000);
    browser.network.http = 'none';
    const before = stored(w).length;
    browser.tabs[0]?.freeze();
    expect(await w.deliver()).toBe('later');
    expect(stored(w)).toHaveLength(before);
    tab.crash();
    expect(await w.deliver()).toBe('done');
    expect(stored(w)).toHaveLength(before + 1);
  });
});

/** A restored backup has lost acked messages: one client or several send them again. */
import { IDBFactory } from 'fake-indexeddb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEEP_MS, MAX_CHARACTERS, MAX_ITEMS } from '../../src/features/reoffer.ts';
import { indexedDbStorage, memoryStorage } from '../../src/outboxStorage.ts';
import type { SentItem } from '../../src/types.ts';
import { ANN, BOB, liveWorld, type World } from '../world.ts';

/** The room as it was when its log was `length` long, under a new numbering. */
function restore(w: World, length: number): void {
  const { server, network } = w;
  server.rewind(length);
  network.closeAll(1012);
}

async function send(w: World, ...texts: string[]): Promise<void> {
  for (const text of texts) void w.chat.sendChatMessage(1, text);
  await w.clock.advance(1_000);
}

const stored = (w: World): string[] => [...(w.server.rooms.get(1)?.messages.values() ?? [])].map((m) => m.content);
const kept = async (storage: { load(): Promise<readonly SentItem[]> }): Promise<string[]> =>
  (await storage.load()).map((item) => item.content);

describe('after a restored backup', () => {
  it('lost messages come back once, in order, with their ids', async () => {
    const w = await liveWorld();
    await send(w, 'in the backup', 'a', 'b', 'c');
    const before = w.chat.getTimeline(1).messages.map((message) => message.id);
    restore(w, 1);
    await w.clock.advance(15_000);
    await send(w, 'new');
    expect(stored(w)).toEqual(['in the backup', 'a', 'b', 'c', 'new']);
    expect(w.texts(1)).toEqual(stored(w));
    expect(
      w.chat
        .getTimeline(1)
        .messages.slice(0, 4)
        .map((message) => message.id),
    ).toEqual(before);
  });

  it('offered messages are not shown, nor shown as failed where their room is gone', async () => {
    const sentStorage = memoryStorage<SentItem>();
    const w = await liveWorld({ sentStorage }, (server) => server.createRoom([ANN, BOB], 'group', 'second'));
    void w.chat.sendChatMessage(2, 'to a room that is lost');
    await send(w, 'a');
    w.server.rooms.delete(2);
    restore(w, 0);
    const seen: unknown[] = [];
    const look = (): void => {
      const { outbox } = w.chat.getSnapshot();
      seen.push(...w.chat.getTimeline(1).pending, ...w.chat.getTimeline(2).pending, outbox.waiting, outbox.failed);
    };
    w.chat.subscribe(look);
    await w.clock.advance(15_000);
    expect(new Set(seen)).toEqual(new Set([0]));
    expect(stored(w)).toEqual(['a']);
    expect(await kept(sentStorage)).toEqual(['a']);
  });

  it('messages are offered until the server has them, whatever the network does', async () => {
    const w = await liveWorld();
    await send(w, 'a', 'b');
    restore(w, 0);
    w.network.refuseNext = null;
    w.network.sockets = 'refused';
    w.network.http = 503;
    await w.clock.advance(60_000);
    expect(stored(w)).toEqual([]);
    w.network.sockets = 'none';
    w.network.http = 'none';
    await w.clock.advance(60_000);
    expect(stored(w)).toEqual(['a', 'b']);
  });

  it('a deleted message stays deleted, also when the event of its deletion was lost', async () => {
    const w = await liveWorld();
    await send(w, 'regretted', 'regretted on the other device', 'stays');
    const [first, second] = w.chat.getTimeline(1).messages;
    const gone = w.chat.command('delete_message', { message_id: first?.id as string });
    w.server.run(ANN, 'delete_message', { message_id: second?.id });
    await w.clock.advance(100);
    await gone;
    restore(w, 0);
    await w.clock.advance(15_000);
    expect(stored(w)).toEqual(['stays']);
    expect(w.texts(1)).toEqual(['stays']);
  });

  it('an edited message comes back with its last text', async () => {
    const w = await liveWorld();
    await send(w, 'tpyo');
    const edited = w.chat.command('edit_message', {
      message_id: w.chat.getTimeline(1).messages[0]?.id as string,
      content: 'typo',
    });
    await w.clock.advance(100);
    await edited;
    restore(w, 0);
    await w.clock.advance(15_000);
    expect(w.texts(1)).toEqual(['typo']);
  });

  it('messages of an earlier visit come back in the next', async () => {
    const idb = new IDBFactory();
    const sent = () => indexedDbStorage<SentItem>('device', idb, 'sent');
    const w = await liveWorld({ sentStorage: sent() });
    void w.chat.sendChatMessage(1, 'sent before the page was closed');
    await untilStored(w);
    await w.chat.disconnect();
    const next = await liveWorld({ sentStorage: sent() }, (server) => {
      server.epoch = 'epoch-2';
    });
    await untilStored(next);
    expect(stored(next)).toEqual(['sent before the page was closed']);
  });
});

const item = (n: number, content: string): SentItem => ({
  id: `id-${String(n).padStart(5, '0')}`,
  userId: ANN,
  roomId: 1,
  content,
  replyTo: null,
  attachments: [],
  createdAt: Date.UTC(2026, 0, 1),
  epoch: 'epoch-1',
});

describe('the kept messages', () => {
  it('are offered only for the person who sent them', async () => {
    const sentStorage = memoryStorage<SentItem>();
    const w = await liveWorld({ sentStorage });
    await send(w, 'from ann');
    await w.chat.disconnect();
    w.network.user = w.server.users.get(BOB) as never;
    w.server.rewind(0);
    w.chat.connect();
    await w.clock.advance(15_000);
    expect(stored(w)).toEqual([]);
    expect(await kept(sentStorage)).toEqual(['from ann']);
  });

  it('are removed with the unsent ones when the person signs out', async () => {
    const sentStorage = memoryStorage<SentItem>();
    const storage = memoryStorage();
    const w = await liveWorld({ sentStorage, storage });
    await send(w, 'from ann');
    w.network.http = 'down';
    w.network.sockets = 'refused';
    w.network.closeAll(1006);
    await send(w, 'waits');
    await w.chat.disconnect();
    const forgotten = w.chat.forget();
    await w.clock.advance(10);
    await forgotten;
    expect(await kept(sentStorage)).toEqual([]);
    expect(await storage.load()).toEqual([]);
    expect(w.chat.getTimeline(1).pending).toEqual([]);
  });

  it('are those of a week', async () => {
    const sentStorage = memoryStorage<SentItem>();
    await sentStorage.put({ ...item(1, 'last week'), createdAt: item(1, '').createdAt - KEEP_MS });
    const w = await liveWorld({ sentStorage });
    await send(w, 'today');
    expect(await kept(sentStorage)).toEqual(['today']);
  });

  it('are bounded in number and length, the oldest removed first', async () => {
    for (const [count, size, left] of [
      [MAX_ITEMS + 5, 1, MAX_ITEMS],
      [5, MAX_CHARACTERS / 4, 4],
    ] as const) {
      const sentStorage = memoryStorage<SentItem>();
      for (let n = 0; n < count; n++) await sentStorage.put(item(n, 'x'.repeat(size)));
      await liveWorld({ sentStorage });
      const ids = (await sentStorage.load()).map(({ id }) => id);
      expect([ids.length, ids.at(-1)]).toEqual([left, item(count - 1, '').id]);
    }
  });

  it('do not block sending when the device refuses to store them', async () => {
    const refuse = () => Promise.reject(new Error('quota'));
    const w = await liveWorld({ sentStorage: { load: refuse, put: refuse, remove: refuse } });
    await send(w, 'a', 'b');
    expect(stored(w)).toEqual(['a', 'b']);
    // What this page remembers comes back all the same.
    restore(w, 0);
    await w.clock.advance(15_000);
    expect(stored(w)).toEqual(['a', 'b']);
  });
});

describe('a storage that does not answer', () => {
  it('blocks neither sending nor signing out', async () => {
    const never = () => new Promise<never>(() => {});
    const w = await liveWorld({ sentStorage: { load: never, put: never, remove: never } });
    await send(w, 'a');
    expect(stored(w)).toEqual(['a']);
    const left = w.chat.disconnect().then(() => w.chat.forget());
    await w.clock.advance(30_000);
    await left;
  });
});

describe('in random histories', () => {
  it('every lost message comes back exactly once', async () => {
    const act = fc.oneof(
      fc.constant('send' as const),
      fc.constant('send' as const),
      fc.constant('bob' as const),
      fc.constant('delete' as const),
      fc.record({ cut: fc.nat(12) }),
      fc.record({ close: fc.constantFrom(1006, 1012) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(act, fc.constantFrom(0, 20, 400, 3_000)), { maxLength: 25 }), async (acts) => {
        const w = await liveWorld();
        const sent: string[] = [];
        /** Deleted, and in a backup that is older than the deletion: the server's to show, as long as it has it. */
        const back = new Set<string>();
        for (const [next, delay_ms] of acts) {
          if (next === 'send') {
            const text = `ann ${sent.length}`;
            sent.push(text);
            void w.chat.sendChatMessage(1, text);
          } else if (next === 'bob') w.server.post(1, BOB, 'bob');
          else if (next === 'delete') {
            const last = w.chat.getTimeline(1).messages.findLast((m) => m.sender.id === ANN && !m.deleted);
            if (!last) continue;
            sent.splice(sent.indexOf(last.content), 1, '');
            w.chat.command('delete_message', { message_id: last.id }).catch(() => {});
            // Done before anything is cut off: a deletion on its way is lost like any other word.
            await w.clock.advance(20_000);
          } else if ('cut' in next) {
            restore(w, Math.max(0, (w.server.rooms.get(1)?.log.length ?? 0) - next.cut));
            for (const text of own(w)) if (!sent.includes(text)) back.add(text);
          } else w.network.closeAll(next.close);
          await w.clock.advance(delay_ms);
        }
        w.chat.retryNow();
        await w.clock.advance(130_000);
        const there = own(w);
        expect(new Set(there).size).toBe(there.length);
        expect(there.filter((text) => !back.has(text)).toSorted()).toEqual(sent.filter(Boolean).toSorted());
        expect(w.texts(1)).toEqual([...(w.server.rooms.get(1)?.messages.values() ?? [])].map((m) => m.content));
        expect(w.chat.getSnapshot().outbox).toEqual({ waiting: 0, failed: 0, durable: true });
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

/** What the server has of Ann. */
const own = (w: World): string[] =>
  [...(w.server.rooms.get(1)?.messages.values() ?? [])]
    .filter((message) => message.sender.id === ANN && !message.deleted)
    .map((message) => message.content);

/** Lets the device's storage, which runs in tasks outside the fake clock, finish. */
async function untilStored(w: World): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    await w.clock.advance(500);
  }
}

import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import { ChatError } from '../src/errors.ts';
import { createOutbox, EXPIRY_MS } from '../src/outbox.ts';
import { indexedDbStorage, memoryStorage } from '../src/outboxStorage.ts';
import { FakeClock } from '../src/testing/index.ts';
import type { OutboxItem, OutboxStorage, PendingMessage, SendResult } from '../src/types.ts';
import { message } from './make.ts';

const ANN = 1;

/** An outbox whose deliveries are answered by the test. */
function made(storage: OutboxStorage = memoryStorage(), clock = new FakeClock()) {
  const tries: { item: PendingMessage; ack(): void; fail(error: ChatError): void }[] = [];
  const outbox = createOutbox({
    storage,
    clock,
    random: () => 0.5,
    changed() {},
    deliver: (item) =>
      new Promise<SendResult>((resolve, reject) => {
        tries.push({ item: { ...item }, ack: () => resolve(answer(item)), fail: reject });
      }),
  });
  const write = (content: string, roomId = 1) => outbox.add({ roomId, content, replyTo: null, attachments: [] });
  const texts = (): string[] => tries.map(({ item }) => item.content);
  const begin = async (user = ANN): Promise<void> => {
    outbox.setUser(user);
    await clock.advance(0);
  };
  return { outbox, clock, storage, tries, write, texts, begin };
}

const answer = (item: PendingMessage): SendResult => ({
  method: 'rest',
  message: message(1, { id: item.id, room_id: item.roomId, content: item.content }),
});
const network = new ChatError({ code: 'network' });
const invalid = new ChatError({ code: 'invalid', status: 422 });

describe('order', () => {
  it('is kept within a room, one at a time, while rooms proceed in parallel', async () => {
    const o = made();
    await o.begin();
    for (const text of ['a', 'b', 'c']) void o.write(text);
    void o.write('other', 2);
    await o.clock.advance(0);
    expect(o.texts()).toEqual(['a', 'other']);
    o.tries[0]?.ack();
    await o.clock.advance(0);
    expect(o.texts()).toEqual(['a', 'other', 'b']);
  });

  it('is kept while the first is retried, with the same id', async () => {
    const o = made();
    await o.begin();
    void o.write('a');
    void o.write('b');
    await o.clock.advance(0);
    for (let i = 0; i < 3; i++) {
      o.tries[i]?.fail(network);
      await o.clock.advance(30_000);
    }
    expect(o.texts()).toEqual(['a', 'a', 'a', 'a']);
    expect(new Set(o.tries.map(({ item }) => item.id)).size).toBe(1);
  });

  it('is not blocked by a refused message', async () => {
    const o = made();
    await o.begin();
    const refused = o.write('a').catch((error: unknown) => error);
    void o.write('b');
    await o.clock.advance(0);
    o.tries[0]?.fail(invalid);
    await o.clock.advance(0);
    expect(o.texts()).toEqual(['a', 'b']);
    expect(await refused).toBe(invalid);
    expect(o.outbox.pending(1)).toMatchObject([
      { content: 'a', state: 'failed', error: { code: 'invalid' } },
      { content: 'b' },
    ]);
    expect(o.outbox.failed(2)).toEqual([]);
    expect(o.outbox.failed()).toHaveLength(1);
  });
});

describe('nothing is sent', () => {
  it('before it is stored', async () => {
    let stored = (): void => {};
    const slow = { ...memoryStorage(), put: () => new Promise<void>((resolve) => (stored = resolve)) };
    const o = made(slow);
    await o.begin();
    void o.write('a');
    await o.clock.advance(100);
    expect(o.texts()).toEqual([]);
    expect(o.outbox.pending(1)).toMatchObject([{ content: 'a', state: 'queued' }]);
    stored();
    await o.clock.advance(0);
    expect(o.texts()).toEqual(['a']);
  });

  it('before the server has confirmed the user, nor after close', async () => {
    const o = made();
    void o.write('a');
    await o.clock.advance(1_000);
    expect(o.texts()).toEqual([]);
    expect(await o.storage.load()).toEqual([]);
    await o.begin();
    expect(o.texts()).toEqual(['a']);
    o.outbox.close();
    o.tries[0]?.fail(network);
    await o.clock.advance(100_000);
    expect(o.texts()).toEqual(['a']);
    await o.begin();
    expect(o.texts()).toEqual(['a', 'a']);
  });

  it('for another person, nor shown to one', async () => {
    const o = made();
    await o.begin();
    o.outbox.close();
    void o.write('secret').catch(() => {});
    await o.clock.advance(0);
    await o.begin(2);
    expect(o.texts()).toEqual([]);
    expect(o.outbox.pending(1)).toEqual([]);
    expect(o.outbox.state.waiting).toBe(0);
    await o.begin(ANN);
    expect(o.texts()).toEqual(['secret']);
  });

  it('that is older than a day, unless the person confirms it', async () => {
    const storage = memoryStorage();
    const first = made(storage);
    await first.begin();
    first.outbox.close();
    void first.write('old').catch(() => {});
    await first.clock.advance(EXPIRY_MS + 1);
    const o = made(storage, first.clock);
    await o.begin();
    expect(o.texts()).toEqual([]);
    expect(o.outbox.pending(1)).toMatchObject([{ state: 'failed', error: { code: 'expired' } }]);
    o.outbox.retry(o.outbox.failed()[0] as string);
    await o.clock.advance(0);
    expect(o.texts()).toEqual(['old']);
  });
});

describe('waiting', () => {
  it('ends when a transport works again, but not a delay that the server demanded', async () => {
    const o = made();
    await o.begin();
    void o.write('a');
    await o.clock.advance(0);
    o.tries[0]?.fail(network);
    await o.clock.advance(1);
    o.outbox.hurry();
    await o.clock.advance(0);
    expect(o.tries).toHaveLength(2);
    o.tries[1]?.fail(new ChatError({ code: 'rate_limited', status: 429, retry_after: 5 }));
    await o.clock.advance(4_000);
    o.outbox.hurry();
    await o.clock.advance(0);
    expect(o.tries).toHaveLength(2);
    await o.clock.advance(1_000);
    expect(o.tries).toHaveLength(3);
  });

  it.each([401, 408, 425, 429, 500, 503])('%i is retried', async (status) => {
    const o = made();
    await o.begin();
    void o.write('a');
    await o.clock.advance(0);
    o.tries[0]?.fail(new ChatError({ code: 'x', status }));
    await o.clock.advance(30_000);
    expect(o.tries).toHaveLength(2);
  });

  it.each([400, 403, 404, 409, 410, 413, 415, 422])('%i is final', async (status) => {
    const o = made();
    await o.begin();
    void o.write('a');
    await o.clock.advance(0);
    o.tries[0]?.fail(new ChatError({ code: 'x', status }));
    await o.clock.advance(30_000);
    expect(o.tries).toHaveLength(1);
    expect(o.outbox.state).toMatchObject({ failed: 1, waiting: 0 });
  });
});

describe('an ack', () => {
  it('may come by any way, and counts once', async () => {
    const o = made();
    await o.begin();
    const sent = o.write('a');
    void o.write('b');
    await o.clock.advance(0);
    const item = o.tries[0]?.item as PendingMessage;
    o.outbox.confirm({ ...answer(item), method: 'websocket' });
    o.tries[0]?.fail(network);
    await o.clock.advance(0);
    expect(await sent).toMatchObject({ method: 'websocket' });
    expect(o.texts()).toEqual(['a', 'b']);
    expect(o.outbox.get(item.id)).toBeUndefined();
    await o.outbox.written();
    expect((await o.storage.load()).map((stored) => stored.content)).toEqual(['b']);
  });
});

describe('across visits', () => {
  it('what was not acked is sent first, in order', async () => {
    const storage = memoryStorage();
    const before = made(storage);
    await before.begin();
    for (const text of ['1', '2', '3']) void before.write(text);
    await before.clock.advance(5);
    const o = made(storage, before.clock);
    void o.write('4');
    await o.begin();
    for (let i = 0; i < 4; i++) {
      o.tries[i]?.ack();
      await o.clock.advance(0);
    }
    expect(o.texts()).toEqual(['1', '2', '3', '4']);
    expect(o.tries[0]?.item.id).toBe(before.tries[0]?.item.id);
    await o.outbox.written();
    expect(await storage.load()).toEqual([]);
  });

  it('a discarded one does not come back', async () => {
    const storage = memoryStorage();
    const o = made(storage);
    await o.begin();
    const gone = o.write('a').catch((error: unknown) => error);
    await o.clock.advance(0);
    o.outbox.discard(o.outbox.pending(1)[0]?.id as string);
    expect(await gone).toMatchObject({ code: 'discarded' });
    await o.outbox.written();
    expect(await storage.load()).toEqual([]);
  });
});

describe('an item is handed over to another tab', () => {
  /** A storage whose next writes wait until `finish`. */
  async function written() {
    let handOver: (id: string) => boolean = () => false;
    let finish: (isKept: boolean) => void = () => {};
    const put = (): Promise<void> =>
      new Promise((resolve, reject) => {
        finish = (isKept) => (isKept ? resolve() : reject(new Error('QuotaExceededError')));
      });
    const subscribe: OutboxStorage['subscribe'] = (_, release) => {
      handOver = release;
    };
    const o = made({ ...memoryStorage(), put, subscribe });
    await o.begin();
    void o.write('a').catch(() => {});
    await o.clock.advance(0);
    const finished = async (isKept: boolean): Promise<void> => {
      finish(isKept);
      await o.clock.advance(0);
    };
    return { o, id: o.outbox.all()[0]?.id as string, handOver: (id: string) => handOver(id), finish: finished };
  }

  it('only once it is stored as it is here', async () => {
    const { o, id, handOver, finish } = await written();
    expect(handOver(id)).toBe(false);
    await finish(true);
    o.tries[0]?.fail(invalid);
    await o.clock.advance(0);
    // That it failed is not stored yet.
    expect(handOver(id)).toBe(false);
    await finish(true);
    expect(handOver(id)).toBe(true);
    expect(o.outbox.all()).toEqual([]);
  });

  it('never where the device could not store it', async () => {
    const { o, id, handOver, finish } = await written();
    await finish(false);
    expect(handOver(id)).toBe(false);
    expect(o.outbox.all()).toHaveLength(1);
  });
});

describe('a device that does not store', () => {
  it.each([
    ['refuses', () => Promise.reject(new Error('QuotaExceededError'))],
    ['never answers', () => new Promise<never>(() => {})],
  ])('and %s: the text is kept in memory, sent, and shown as not durable', async (_, put) => {
    const o = made({ ...memoryStorage(), put });
    await o.begin();
    void o.write('a');
    await o.clock.advance(2_001);
    expect(o.texts()).toEqual(['a']);
    expect(o.outbox.state.durable).toBe(false);
    o.tries[0]?.ack();
    await o.clock.advance(0);
    expect(o.outbox.state).toEqual({ waiting: 0, failed: 0, durable: true });
  });

  it('and cannot be read: sending continues', async () => {
    const o = made({ ...memoryStorage(), load: () => new Promise<never>(() => {}) });
    await o.begin();
    void o.write('a');
    await o.clock.advance(2_001);
    expect(o.texts()).toEqual(['a']);
  });
});

const item = (id: string): OutboxItem => ({
  id,
  userId: ANN,
  roomId: 1,
  content: id,
  replyTo: null,
  attachments: [],
  createdAt: 1,
  state: 'queued',
  error: null,
});

describe.each([
  ['memory', () => memoryStorage()],
  ['IndexedDB', () => indexedDbStorage('test', new IDBFactory())],
])('storage in %s', (_, storage) => {
  it('keeps, replaces and removes', async () => {
    const s = storage();
    await s.put(item('a'));
    await s.put(item('b'));
    await s.put({ ...item('a'), state: 'failed' });
    expect((await s.load()).toSorted((x, y) => (x.id < y.id ? -1 : 1))).toEqual([
      { ...item('a'), state: 'failed' },
      item('b'),
    ]);
    await s.remove(['a', 'nobody']);
    expect(await s.load()).toEqual([item('b')]);
  });
});

describe('IndexedDB', () => {
  it('keeps unsent items when the database is upgraded for sent ones', async () => {
    const factory = new IDBFactory();
    await new Promise((resolve, reject) => {
      const request = factory.open('test', 1);
      request.onupgradeneeded = () => request.result.createObjectStore('outbox', { keyPath: 'id' });
      request.onerror = reject;
      request.onsuccess = () => {
        request.result.transaction('outbox', 'readwrite').objectStore('outbox').put(item('a'));
        request.result.close();
        resolve(null);
      };
    });
    expect(await indexedDbStorage('test', factory).load()).toEqual([item('a')]);
    const sent = indexedDbStorage('test', factory, 'sent');
    await sent.put(item('b'));
    expect(await sent.load()).toEqual([item('b')]);
    expect(await indexedDbStorage('test', factory).load()).toEqual([item('a')]);
  });

  it('survives a reload, and a deleted database', async () => {
    const factory = new IDBFactory();
    await indexedDbStorage('test', factory).put(item('a'));
    const storage = indexedDbStorage('test', factory);
    expect(await storage.load()).toHaveLength(1);
    await new Promise((resolve) => (factory.deleteDatabase('test').onsuccess = resolve));
    await storage.put(item('b'));
    expect(await storage.load()).toEqual([item('b')]);
  });

  it('rejects while it does not open, and opens afterwards', async () => {
    const factory = new IDBFactory();
    const open = factory.open.bind(factory);
    let broken = true;
    factory.open = (name, version) => {
      if (broken) throw new Error('SecurityError');
      return open(name, version);
    };
    const storage = indexedDbStorage('test', factory);
    await expect(storage.load()).rejects.toThrow('SecurityError');
    broken = false;
    expect(await storage.load()).toEqual([]);
  });
});

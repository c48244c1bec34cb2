import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defaultUploads, indexedDbUploads } from '../../src/uploads/indexedDb.ts';
import type { UploadRecord } from '../../src/uploads/storage.ts';

/** A browser's locks; `die` releases all that one tab holds. */
class Locks {
  readonly #held = new Map<string, object>();

  tab() {
    const mine: string[] = [];
    const request = (async (name: string, _: unknown, work: (lock: object | null) => unknown) => {
      if (this.#held.has(name)) return work(null);
      this.#held.set(name, this);
      mine.push(name);
      const result = await work({ name });
      this.#held.delete(name);
      return result;
    }) as unknown as LockManager['request'];
    const die = () => mine.forEach((name) => this.#held.delete(name));
    return { locks: { request }, die };
  }
}

const MIB = 1024 * 1024;

function source(size: number) {
  const bytes = new Uint8Array(size);
  for (let n = 0; n < size; n += 101) bytes[n] = n % 251;
  return {
    size,
    bytes,
    slice: (a: number, b: number) => ({ arrayBuffer: () => Promise.resolve(bytes.slice(a, b).buffer) }),
  };
}

const record = (id: string, size: number): UploadRecord => ({
  id,
  userId: 1,
  roomId: 1,
  name: 'a',
  size,
  contentType: 'a/b',
  alt: '',
  isKept: true,
  offset: 0,
  state: 'waiting',
  error: null,
  message: null,
});

function browser(quota = 1e9) {
  const [idb, locks] = [new IDBFactory(), new Locks()];
  const open = () => {
    const { locks: own, die } = locks.tab();
    const estimate = () => Promise.resolve({ usage: 0, quota });
    return { storage: indexedDbUploads('x', { idb, locks: own, estimate }), die };
  };
  return { open };
}

const same = (read: ArrayBuffer | null, expected: Uint8Array) =>
  read !== null && Buffer.from(read).equals(Buffer.from(expected));

describe('files on the device', () => {
  it('are read by the next tab as they were', async () => {
    const { open } = browser();
    const first = open();
    const file = source(2 * MIB + 500);
    await first.storage.keep('f', file);
    await first.storage.put(record('f', file.size));
    first.die();
    const { storage } = open();
    expect((await storage.load()).map(({ id }) => id)).toEqual(['f']);
    for (const [start, end] of [
      [0, file.size],
      [5, 9],
      [MIB - 1, MIB + 1],
      [2 * MIB, file.size],
    ] as const) {
      expect(same(await storage.read('f', start, end), file.bytes.subarray(start, end))).toBe(true);
    }
  });

  it('belong to one tab, and to another once that is gone', async () => {
    const { open } = browser();
    const [first, second] = [open(), open()];
    await first.storage.keep('f', source(10));
    await first.storage.put(record('f', 10));
    expect(await second.storage.load()).toEqual([]);
    first.die();
    expect(await second.storage.load()).toHaveLength(1);
    expect(await second.storage.load()).toEqual([]); // it has it already
    expect(await open().storage.load()).toEqual([]);
  });

  it.each([
    ['above 64 MiB', 65 * MIB, 1e9],
    ['for which there is no room', 10 * MIB, 15 * MIB],
  ])('are not kept %s, but read while their tab lives', async (_, size, quota) => {
    const { open } = browser(quota);
    const first = open();
    const file = source(size);
    await first.storage.keep('f', file);
    await first.storage.put(record('f', size));
    expect(same(await first.storage.read('f', 3, 9), file.bytes.subarray(3, 9))).toBe(true);
    first.die();
    const { storage } = open();
    expect(await storage.load()).toHaveLength(1);
    expect(await storage.read('f', 3, 9)).toBeNull();
  });

  it('leave nothing where they are removed', async () => {
    const { open } = browser();
    const first = open();
    await first.storage.keep('f', source(MIB + 5));
    await first.storage.put(record('f', MIB + 5));
    await first.storage.remove('f');
    const { storage } = open();
    expect(await storage.load()).toEqual([]);
    expect(await storage.read('f', 0, 5)).toBeNull();
  });

  it('are in memory where the browser denies the database as soon as it is named', async () => {
    const had = Object.getOwnPropertyDescriptor(globalThis, 'indexedDB');
    const deny = () => {
      throw new DOMException('denied', 'SecurityError');
    };
    Object.defineProperty(globalThis, 'indexedDB', { configurable: true, get: deny });
    onTestFinished(() => {
      if (had) Object.defineProperty(globalThis, 'indexedDB', had);
      else Reflect.deleteProperty(globalThis, 'indexedDB');
    });
    const file = source(10);
    const storage = defaultUploads('http://a');
    expect(await storage.keep('one', file)).toBe(false);
    expect(same(await storage.read('one', 0, 10), file.bytes)).toBe(true);
  });
});

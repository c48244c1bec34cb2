/**
 * Where unsent messages survive: IndexedDB where there is one, else memory.
 *
 * `durability: 'strict'`: browsers answer before the write is on the disk by default since 2024,
 * and a message that is shown as kept must be kept. Knows nothing of sending.
 */
import type { OutboxItem, OutboxStorage } from './types.ts';

export function memoryStorage(): OutboxStorage {
  const items = new Map<string, OutboxItem>();
  return {
    load: async () => [...items.values()],
    put: async (item) => void items.set(item.id, item),
    remove: async (ids) => ids.forEach((id) => items.delete(id)),
  };
}

const STORE = 'outbox';

/** Opens lazily; a failed open rejects every call, and the outbox then keeps the text in memory. */
export function indexedDbStorage(name: string, idb: IDBFactory = indexedDB): OutboxStorage {
  let opening: Promise<IDBDatabase> | null = null;
  const open = (): Promise<IDBDatabase> => {
    opening ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = idb.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' });
      request.onerror = request.onblocked = () => reject(request.error ?? new Error('blocked'));
      request.onsuccess = () => {
        const database = request.result;
        // Another tab upgrades or wipes: make way, open again when needed.
        database.onversionchange = database.onclose = () => {
          opening = null;
          database.close();
        };
        resolve(database);
      };
    }).catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  };

  const run = async <T>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => IDBRequest<T> | void,
  ): Promise<T> => {
    const transaction = (await open()).transaction(STORE, mode, { durability: 'strict' });
    const request = work(transaction.objectStore(STORE));
    return new Promise((resolve, reject) => {
      // Not the request's success: only `complete` says that it is written.
      transaction.oncomplete = () => resolve((request as IDBRequest<T>)?.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  };

  return {
    load: () => run<OutboxItem[]>('readonly', (store) => store.getAll()),
    put: async (item) => void (await run('readwrite', (store) => store.put(item))),
    remove: async (ids) => void (await run('readwrite', (store) => ids.forEach((id) => store.delete(id)))),
  };
}

/** One database for each server: user ids of one mean nothing to another. */
export const defaultStorage = (baseUrl: string): OutboxStorage =>
  globalThis.indexedDB ? indexedDbStorage(`backchannel ${baseUrl}`) : memoryStorage();

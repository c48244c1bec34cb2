/**
 * Storage for unsent messages: IndexedDB where there is one, else memory.
 *
 * `durability: 'strict'`: since 2024 browsers confirm a write before it is on the disk by default,
 * and a message that is shown as kept must be on the disk.
 */
import { within } from './clock.ts';
import type { Clock, OutboxItem, OutboxStorage } from './types.ts';

export function memoryStorage<T extends { readonly id: string } = OutboxItem>(): OutboxStorage<T> {
  const items = new Map<string, T>();
  return {
    load: async () => [...items.values()],
    put: async (item) => void items.set(item.id, item),
    remove: async (ids) => ids.forEach((id) => items.delete(id)),
  };
}

/** Unsent items, and sent ones (features/reoffer.ts). Version n of the database has the first n stores. */
const STORES = ['outbox', 'sent'] as const;

/** Opens lazily; a failed open rejects every call, and the outbox then keeps the text in memory. */
export function indexedDbStorage<T extends { readonly id: string } = OutboxItem>(
  name: string,
  idb?: IDBFactory,
  kind: (typeof STORES)[number] = 'outbox',
): OutboxStorage<T> {
  let opening: Promise<IDBDatabase> | null = null;
  const open = (): Promise<IDBDatabase> =>
    (opening ??= new Promise<IDBDatabase>((resolve, reject) => {
      // A browser that keeps nothing for this page may throw where `indexedDB` is read.
      const request = (idb ?? indexedDB).open(name, STORES.length);
      request.onupgradeneeded = ({ oldVersion }) => {
        for (const store of STORES.slice(oldVersion)) request.result.createObjectStore(store, { keyPath: 'id' });
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const { result } = request;
        // Another tab upgrades or deletes the database: close it, and open it again when needed.
        result.onversionchange = result.onclose = () => {
          opening = null;
          result.close();
        };
        resolve(result);
      };
    }).catch((error: unknown) => {
      opening = null;
      throw error;
    }));

  const run = async <R>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => IDBRequest<R> | void,
  ): Promise<R> => {
    const transaction = (await open()).transaction(kind, mode, { durability: 'strict' });
    const request = work(transaction.objectStore(kind));
    return new Promise((resolve, reject) => {
      // Not the request's success: only `complete` means that it is written.
      transaction.oncomplete = () => resolve((request as IDBRequest<R>)?.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  };

  return {
    load: () => run<T[]>('readonly', (store) => store.getAll()),
    put: (item) => run('readwrite', (store) => void store.put(item)),
    remove: (ids) => run('readwrite', (store) => ids.forEach((id) => store.delete(id))),
  };
}

/** One database for each server: user ids of one mean nothing to another. Where a page has no IndexedDB the open fails, so that it shows that nothing is kept. */
export const defaultStorage = <T extends { readonly id: string } = OutboxItem>(
  baseUrl: string,
  kind?: (typeof STORES)[number],
): OutboxStorage<T> =>
  'indexedDB' in globalThis || globalThis.document
    ? indexedDbStorage(`backchannel ${baseUrl}`, undefined, kind)
    : memoryStorage();

/** A database that does not answer must not block anything. */
const STORE_MS = 2_000;

/** Whether the work succeeded within that time. */
export function inTime(clock: Clock, done: Promise<unknown>): Promise<boolean> {
  const isDone = done.then(
    () => true,
    () => false,
  );
  return within(clock, STORE_MS, isDone, (resolve) => resolve(false));
}

/**
 * Files that outlive their tab: records and bytes in IndexedDB, each file owned by one tab at a time.
 *
 * Theory. Bytes are pieces of `ArrayBuffer`, not Blobs: two browsers lose a Blob that is read after its record was written or deleted. While
 * the tab lives it reads the file itself; the pieces are for the next one. A file above 64 MiB, or one for which there is no room, is
 * not kept: it needs its tab. A tab owns a file by a lock, which the browser releases when the tab is gone; the next one that loads takes it.
 */
import { type FileSource, memoryUploads, type UploadRecord, type UploadStorage } from './storage.ts';

const PIECE = 1024 * 1024;
/** Larger files are not kept. */
const KEPT = 64 * 1024 * 1024;
/** Of the room that the browser offers to this site, files take at most so much. */
const SHARE = 0.5;

export interface Surroundings {
  readonly idb: IDBFactory;
  readonly locks: Pick<LockManager, 'request'>;
  readonly estimate: () => Promise<{ readonly usage?: number; readonly quota?: number }>;
}

/** @param name of the database: one for each server. */
export function indexedDbUploads(name: string, { idb, locks, estimate }: Surroundings): UploadStorage {
  const sources = new Map<string, FileSource>();
  const owned = new Map<string, () => void>();
  let opening: Promise<IDBDatabase> | null = null;

  const open = (): Promise<IDBDatabase> =>
    (opening ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = idb.open(name, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore('files', { keyPath: 'id' });
        request.result.createObjectStore('pieces');
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const { result } = request;
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

  async function inside<R>(mode: IDBTransactionMode, work: (all: IDBTransaction) => IDBRequest<R> | void): Promise<R> {
    const all = (await open()).transaction(['files', 'pieces'], mode, { durability: 'strict' });
    const request = work(all);
    return new Promise((resolve, reject) => {
      all.oncomplete = () => resolve((request as IDBRequest<R>)?.result);
      all.onabort = all.onerror = () => reject(all.error);
    });
  }

  /** Whether the file is this tab's from now on. */
  function own(id: string): Promise<boolean> {
    if (owned.has(id)) return Promise.resolve(false);
    return new Promise((resolve) => {
      const held = locks.request(`${name} ${id}`, { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(false);
        return new Promise<void>((release) => {
          owned.set(id, release);
          resolve(true);
        });
      });
      held.catch(() => resolve(false));
    });
  }

  async function hasRoom(size: number): Promise<boolean> {
    const { usage = 0, quota = 0 } = await estimate().catch(() => ({ usage: 0, quota: 0 }));
    return size <= KEPT && usage + size < quota * SHARE;
  }

  async function keepPieces(id: string, source: FileSource): Promise<void> {
    for (let n = 0; n * PIECE < source.size; n++) {
      const piece = await source.slice(n * PIECE, Math.min(source.size, (n + 1) * PIECE)).arrayBuffer();
      await inside('readwrite', (all) => void all.objectStore('pieces').put(piece, [id, n]));
    }
  }

  async function dropPieces(id: string, count: number): Promise<void> {
    await inside('readwrite', (all) => {
      for (let n = 0; n < count; n++) all.objectStore('pieces').delete([id, n]);
    });
  }

  async function remove(id: string): Promise<void> {
    const record = await inside<UploadRecord | undefined>('readonly', (all) => all.objectStore('files').get(id));
    await inside('readwrite', (all) => {
      all.objectStore('files').delete(id);
      for (let n = 0; n * PIECE < (record?.size ?? 0); n++) all.objectStore('pieces').delete([id, n]);
    });
    sources.delete(id);
    owned.get(id)?.();
    owned.delete(id);
  }

  return {
    async load() {
      const records = await inside<UploadRecord[]>('readonly', (all) => all.objectStore('files').getAll());
      const mine: UploadRecord[] = [];
      for (const record of records) if (await own(record.id)) mine.push(record);
      return mine;
    },
    async keep(id, source) {
      sources.set(id, source);
      await own(id);
      if (!(await hasRoom(source.size))) return false;
      try {
        await keepPieces(id, source);
        return true;
      } catch {
        await dropPieces(id, Math.ceil(source.size / PIECE)).catch(() => {});
        return false;
      }
    },
    put: (record) => inside('readwrite', (all) => void all.objectStore('files').put(record)),
    async read(id, start, end) {
      const source = sources.get(id);
      if (source) return source.slice(start, end).arrayBuffer();
      const read = new Uint8Array(end - start);
      for (let n = Math.floor(start / PIECE); n * PIECE < end; n++) {
        const piece = await inside<ArrayBuffer | undefined>('readonly', (all) =>
          all.objectStore('pieces').get([id, n]),
        );
        if (!piece) return null;
        const from = Math.max(start, n * PIECE);
        const part = new Uint8Array(piece, from - n * PIECE, Math.min(end, (n + 1) * PIECE) - from);
        read.set(part, from - start);
      }
      return read.buffer;
    },
    remove,
    async clear(userId) {
      const records = await inside<UploadRecord[]>('readonly', (all) => all.objectStore('files').getAll());
      for (const { id, userId: owner } of records) if (owner === null || owner === userId) await remove(id);
    },
  };
}

/**
 * Where files outlive the tab if the browser can keep them and knows which tab owns them; else in memory. One for each
 * server. A browser that keeps nothing for this page may throw where `indexedDB` is read.
 */
export function defaultUploads(baseUrl: string): UploadStorage {
  try {
    const { indexedDB: idb, navigator } = globalThis;
    const locks = navigator?.locks;
    if (idb && locks) {
      const estimate = () => navigator.storage.estimate();
      return indexedDbUploads(`backchannel files ${baseUrl}`, { idb, locks, estimate });
    }
  } catch {
    // As without.
  }
  return memoryUploads();
}

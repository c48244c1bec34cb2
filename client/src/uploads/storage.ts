/**
 * Where files wait on the device. In memory here; a storage that outlives the tab has the same methods.
 *
 * Bytes are kept apart from the records, in pieces: a record is written at each step, and must stay small.
 */
import type { MessageId, RoomId, UserId } from '../protocol.ts';
import type { InThread, SendError } from '../types.ts';

/** One file on its way. */
export interface UploadRecord {
  /** The upload's id, for ever. */
  readonly id: string;
  readonly userId: UserId | null;
  /** The room it was given to: it goes to no other one. */
  readonly roomId: RoomId;
  /** The first message of the thread it was given to; missing: to the room itself. */
  readonly thread?: MessageId | null;
  readonly name: string;
  readonly size: number;
  readonly contentType: string;
  readonly alt: string;
  /** Whether it outlives this tab. */
  readonly isKept: boolean;
  /** Bytes that the server has. */
  readonly offset: number;
  /**
   * `waiting`: for its turn, or for a connection. `sending`. `checking`: the server looks at it. `ready`: a message may have it.
   * `failed`: `error` says why; nothing happens until it is retried or removed.
   */
  readonly state: 'waiting' | 'sending' | 'checking' | 'ready' | 'failed';
  readonly error: SendError | null;
  /** The message that waits for it. */
  readonly message: WaitingMessage | null;
}

/** A message that is sent when all of its files are ready. */
export interface WaitingMessage {
  /** The message's id, from now on. */
  readonly key: MessageId;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly content: string;
  readonly replyTo: MessageId | null;
  readonly inThread?: InThread;
  /** In the order of the message. */
  readonly files: readonly string[];
}

/** What a browser's File and Blob are. */
export interface FileSource {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

export interface UploadStorage {
  /** Those that are this tab's from now on: of earlier visits, and of tabs that are gone. */
  load(): Promise<readonly UploadRecord[]>;
  /** Keeps the bytes where it can. Resolves when they are safe: true where they outlive the tab. */
  keep(id: string, source: FileSource): Promise<boolean>;
  put(record: UploadRecord): Promise<void>;
  /** null: the bytes are gone, as after a reload where they could not be kept. */
  read(id: string, start: number, end: number): Promise<ArrayBuffer | null>;
  remove(id: string): Promise<void>;
  /** Removes everything of this person, of other tabs as well; and what is nobody's. */
  clear(userId: UserId | null): Promise<void>;
}

export function memoryUploads(): UploadStorage {
  const records = new Map<string, UploadRecord>();
  const sources = new Map<string, FileSource>();
  return {
    load: () => Promise.resolve([...records.values()]),
    keep(id, source) {
      sources.set(id, source);
      return Promise.resolve(false);
    },
    put(record) {
      records.set(record.id, record);
      return Promise.resolve();
    },
    read: async (id, start, end) => (await sources.get(id)?.slice(start, end).arrayBuffer()) ?? null,
    remove(id) {
      records.delete(id);
      sources.delete(id);
      return Promise.resolve();
    },
    async clear(userId) {
      for (const { id, userId: owner } of records.values())
        if (owner === null || owner === userId) await this.remove(id);
    },
  };
}

/**
 * Files on their way into messages: announced, sent in pieces, and claimed by their message when they are ready.
 *
 * Theory. An upload's id is made here and never changes, so every step may be repeated: announcing it again answers how it is, a
 * piece that is there already is ignored, and `offset` in an answer is what the server has. So after any failure the next try
 * begins by asking, and goes on from there. One file is sent at a time, in the order given: on a weak network two at once finish later
 * than one after the other. A file that waits for its next try holds up nobody.
 *
 * A message with files enters the outbox when its files are ready, and takes its place in the order of its room then; text behind it
 * does not wait for it (uploads/waiting.ts). From there the outbox keeps the promise: what the server has stored has claimed the files, once.
 *
 * Longer than 300 lines: every step of a file changes the one table of them, and a quarter of the file is the interface.
 */
import type { Core } from '../core.ts';
import { retry_ms } from '../connection/backoff.ts';
import { ChatError } from '../errors.ts';
import type { MessageId, RoomId, Upload, UserId } from '../protocol.ts';
import { refusal } from '../transports/http.ts';
import type { InThread, SendResult } from '../types.ts';
import { createPace, type Pace } from '../uploads/pace.ts';
import { defaultUploads } from '../uploads/indexedDb.ts';
import type { FileSource, UploadRecord, UploadStorage } from '../uploads/storage.ts';
import { createWaiting, type WaitingChat } from '../uploads/waiting.ts';
import { uuidv7 } from '../uuid.ts';

export { memoryUploads, type UploadRecord, type UploadStorage } from '../uploads/storage.ts';

/** A piece that takes longer is cut: as the server does. */
const PIECE_MS = 60_000;
/** How often a check is asked about, in case that the frame about it was lost. */
const CHECK_MS = 5_000;

/** How soon a file of a tab that is gone is noticed by one that was there before. */
const ADOPT_MS = 60_000;

export interface NamedFile extends FileSource {
  readonly name: string;
  readonly type: string;
}

export interface UploadsChat extends WaitingChat {
  /**
   * Gives a file to a room, or to the thread of that first message in it, and begins to send it. Resolves with its id when the device has it.
   * @throws ChatError `file_too_large`, before any byte, or `forbidden` where the server takes no files.
   */
  addFile(roomId: RoomId, file: NamedFile, alt?: string, thread?: MessageId | null): Promise<string>;
  /** A description for those who do not see it. May change until its message is sent. */
  describeFile(id: string, alt: string): void;
  /** Discards a file that no message has; a message that waits for it goes without it, if there is anything else in it. */
  removeFile(id: string): void;
  /** Tries a failed file again, from where it was. */
  retryFile(id: string): void;
  /**
   * Sends a message when its files are ready; until then it is among the `pending` ones of its room. Resolves when the server has stored it.
   * @throws ChatError as `sendChatMessage` does.
   */
  sendFiles(
    roomId: RoomId,
    content: string,
    files: readonly string[],
    replyTo?: MessageId | null,
    inThread?: InThread,
  ): Promise<SendResult>;
  /**
   * This person's files of the room that are not sent, in the order given; `message` of each says what waits for it. The same array until
   * it changes.
   */
  getFiles(roomId: RoomId): readonly UploadRecord[];
  /** Of all rooms. */
  getAllFiles(): readonly UploadRecord[];
  /** The bytes of a file that is held, to show them; null where this device has lost them. */
  readFile(id: string): Promise<ArrayBuffer | null>;
  /** Removes this person's files, and the messages that wait for them, from the device: when they sign out. */
  forgetFiles(): Promise<void>;
}

interface Held {
  record: UploadRecord;
  readonly pace: Pace;
  tries: number;
  notBefore: number;
  /** Ends the request under way. */
  abort: AbortController | null;
}

/**
 * Adds files, and shows messages that wait for theirs among those that are not sent. Compose it last: it extends what other features
 * do with unsent messages.
 *
 * @param given where files wait; what the browser offers unless another one is given.
 * @param userId who is signed in, where the page knows it before the server has confirmed it.
 */
export function withUploads(given?: UploadStorage, userId: UserId | null = null): (core: Core) => UploadsChat {
  return (core) => {
    const storage = given ?? defaultUploads(core.env.baseUrl);
    const { driver, env, onFrame, onRecovered, outbox, replica, routes, run, touch } = core;
    const { clock } = env;
    const held = new Map<string, Held>();
    const shown = new Map<RoomId | null, readonly UploadRecord[]>();
    let busy = false;
    let timer: unknown = null;

    routes.create_upload = 'POST /api/uploads';
    routes.get_upload = 'GET /api/uploads/{upload_id}';
    routes.delete_upload = 'DELETE /api/uploads/{upload_id}';

    const me = (): UserId | null => replica.user?.id ?? userId;
    const isMine = (record: UploadRecord): boolean => record.userId === null || record.userId === me();
    const records = (): UploadRecord[] => [...held.values()].map(({ record }) => record).filter(isMine);

    function changed(roomId: RoomId): void {
      shown.clear();
      touch(roomId);
    }

    function change(it: Held, to: Partial<UploadRecord>): void {
      it.record = { ...it.record, ...to };
      void storage.put(it.record).catch(() => {});
      changed(it.record.roomId);
    }

    function forget(it: Held): void {
      held.delete(it.record.id);
      it.abort?.abort();
      void storage.remove(it.record.id).catch(() => {});
      changed(it.record.roomId);
    }

    function retryFile(id: string): void {
      const it = held.get(id);
      if (it?.record.state !== 'failed') return;
      it.tries = 0;
      it.notBefore = 0;
      change(it, { state: 'waiting', error: null });
      pump();
    }

    function removeFile(id: string): void {
      const it = held.get(id);
      if (!it) return;
      const { message, roomId } = it.record;
      forget(it);
      run('delete_upload', { upload_id: id }).catch(() => {});
      waiting.lost(message, roomId);
      waiting.send();
    }

    const waiting = createWaiting(core, {
      records,
      assign: (id, message) => change(held.get(id) as Held, { message }),
      forget(id) {
        const it = held.get(id);
        if (it) forget(it);
      },
      retryFile,
      removeFile,
    });

    const hold = (record: UploadRecord): Held => {
      const it: Held = { record, pace: createPace(), tries: 0, notBefore: 0, abort: null };
      held.set(record.id, it);
      shown.clear();
      return it;
    };

    /** Does the next step of the first file that is due; then the next one. */
    function pump(): void {
      clock.clearTimeout(timer);
      if (busy || !outbox.isOpen) return;
      const open = [...held.values()].filter(
        ({ record }) => record.state !== 'failed' && record.state !== 'ready' && isMine(record),
      );
      const due = open.find(({ notBefore }) => notBefore <= clock.now());
      if (!due) {
        if (open.length > 0) {
          const at = Math.min(...open.map(({ notBefore }) => notBefore));
          timer = clock.setTimeout(pump, at - clock.now());
        }
        return;
      }
      busy = true;
      step(due)
        .catch((cause: unknown) => failed(due, cause))
        .finally(() => {
          busy = false;
          pump();
        });
    }

    async function step(it: Held): Promise<void> {
      const { id, roomId, name, size, contentType, alt, state } = it.record;
      if (state === 'checking') {
        take(it, (await run('get_upload', { upload_id: id })).result.upload);
        it.notBefore = clock.now() + CHECK_MS;
        return;
      }
      const { result } = await run('create_upload', {
        id,
        room_id: roomId,
        name,
        size,
        content_type: contentType,
        ...(alt && { alt }),
      });
      take(it, result.upload);
      while (held.has(id) && it.record.state === 'sending' && it.record.offset < size) await sendPiece(it);
      if (it.record.state === 'sending') change(it, { state: 'checking' });
      it.notBefore = clock.now() + CHECK_MS;
    }

    async function sendPiece(it: Held): Promise<void> {
      const { id, offset, size } = it.record;
      const began = clock.now();
      const piece = await storage.read(id, offset, Math.min(size, offset + it.pace.next));
      if (!piece?.byteLength)
        throw new ChatError({ code: 'lost', status: 410, detail: 'This device has lost the file.' });
      const { status, stored, error } = await put(it, offset, piece);
      if (stored !== null) {
        it.tries = 0;
        if (status === 200) it.pace.sent(clock.now() - began, replica.limits?.upload_chunk ?? it.pace.next);
        change(it, { offset: stored });
      } else if (status === 413) it.pace.refused();
      else throw error;
    }

    /** `stored`: what the server has, where it says so, which it also does when it refuses a gap. */
    async function put(it: Held, offset: number, piece: ArrayBuffer) {
      const abort = new AbortController();
      it.abort = abort;
      const late = clock.setTimeout(() => abort.abort(), PIECE_MS);
      try {
        const response = await env.fetch(`${env.baseUrl}/api/uploads/${it.record.id}?offset=${offset}`, {
          method: 'PUT',
          credentials: env.credentials,
          signal: abort.signal,
          headers: { ...(await env.headers()), 'Content-Type': 'application/octet-stream' },
          body: piece,
        });
        const text = await response.text();
        const { offset: stored = null } = parsed(text) as { offset?: number | null };
        return { status: response.status, stored, error: response.ok ? null : refusal(response, text) };
      } catch {
        return {
          status: 0,
          stored: null,
          error: new ChatError({ code: 'network', detail: 'The server did not answer.' }),
        };
      } finally {
        clock.clearTimeout(late);
        it.abort = null;
      }
    }

    /** As the server says the upload is. */
    function take(it: Held, upload: Upload): void {
      const { state, offset } = upload;
      if (!held.has(it.record.id)) return;
      if (upload.claimed) return forget(it);
      if (state === 'rejected') {
        const detail = 'The server refused this file.';
        change(it, { state: 'failed', error: { code: upload.code ?? 'rejected', status: 403, detail } });
      } else change(it, { state: state === 'receiving' ? 'sending' : state, offset, error: null });
      if (state === 'ready') waiting.send();
    }

    function failed(it: Held, cause: unknown): void {
      if (!held.has(it.record.id)) return;
      const error = cause as ChatError;
      it.pace.failed();
      // It was deleted, or its server is another one: it begins again.
      if (error.code === 'upload_not_found' && it.tries === 0) change(it, { state: 'waiting', offset: 0 });
      else if (error.final) {
        const { code, status, detail } = error;
        return change(it, { state: 'failed', error: { code, status, detail } });
      } else if (it.record.state === 'sending') change(it, { state: 'waiting' });
      it.notBefore = clock.now() + retry_ms(error, it.tries++, env.random());
    }

    /** It is known who is signed in, or files were taken over. */
    function resume(): void {
      shown.clear();
      for (const { roomId } of records()) touch(roomId);
      waiting.send();
      pump();
    }

    function hurry(): void {
      for (const it of held.values()) it.notBefore = 0;
      pump();
    }

    onFrame.push((frame) => {
      if (frame.type === 'upload_state') {
        const it = held.get(frame.upload.id);
        if (it) take(it, frame.upload);
        if (it && frame.upload.state === 'receiving') it.notBefore = 0;
      }
      // The outbox is open after it: it is known who is signed in.
      if (frame.type === 'hello') clock.setTimeout(resume, 0);
    });
    onRecovered.push(hurry);

    /** Takes over what tabs left that are gone: now, and from time to time. */
    async function adopt(): Promise<void> {
      const loaded = await storage.load().catch(() => []);
      const added = loaded.filter(({ id }) => !held.has(id));
      added.forEach(hold);
      if (added.length > 0) resume();
      clock.setTimeout(() => void adopt(), ADOPT_MS);
    }
    void adopt();

    return {
      async addFile(roomId, file, alt = '', thread = null) {
        const most = replica.limits?.upload_size ?? Number.POSITIVE_INFINITY;
        if (most === 0) throw new ChatError({ code: 'forbidden', status: 403, detail: 'This server takes no files.' });
        if (file.size > most) {
          const detail = `The file is too large: this server takes files of ${Math.floor(most / 2 ** 20)} MiB at most.`;
          throw new ChatError({ code: 'file_too_large', status: 403, detail });
        }
        const id = uuidv7(clock.now());
        const isKept = await storage.keep(id, file);
        const it = hold({
          id,
          userId: me(),
          roomId,
          thread,
          name: file.name,
          size: file.size,
          contentType: file.type || 'application/octet-stream',
          alt,
          isKept,
          offset: 0,
          state: 'waiting',
          error: null,
          message: null,
        });
        change(it, {});
        if (!driver.isLost) pump();
        return id;
      },
      describeFile(id, alt) {
        const it = held.get(id);
        if (!it || it.record.alt === alt) return;
        change(it, { alt });
        const { roomId, name, size, contentType, state } = it.record;
        if (state === 'waiting' || state === 'failed') return; // announced with it
        run('create_upload', { id, room_id: roomId, name, size, content_type: contentType, alt }).catch(() => {});
      },
      removeFile,
      retryFile,
      sendFiles: waiting.add,
      getFiles: (roomId) => list(roomId, (record) => record.roomId === roomId),
      getAllFiles: () => list(null, () => true),
      readFile: (id) => storage.read(id, 0, held.get(id)?.record.size ?? 0).catch(() => null),
      async forgetFiles() {
        for (const { id } of records()) forget(held.get(id) as Held);
        await storage.clear(me());
      },
      ...waiting.api,
    };

    function list(key: RoomId | null, includes: (record: UploadRecord) => boolean): readonly UploadRecord[] {
      const known = shown.get(key);
      if (known) return known;
      const files = records().filter((record) => includes(record) && !waiting.isParked(record.id));
      shown.set(key, files);
      return files;
    }
  };
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

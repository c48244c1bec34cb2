/**
 * Messages that wait for their files: shown among the unsent ones, handed to the outbox when every file is ready.
 *
 * Theory. Each file's record names its message, so a message exists as long as one of its files does, and survives the tab as they do.
 * Its id is made when the person sends it, and is the one it has in the outbox: handing it over is repeated after a crash without
 * harm. The records are removed after the outbox has written it, so at every moment one of the two has the message.
 *
 * Discarding takes the message off its files at once, so that it is never sent, and deletes the files a little later: until then
 * `putBack` can undo it. A tab that ends in between leaves them as files that no message has.
 */
import type { Core } from '../core.ts';
import { ChatError } from '../errors.ts';
import type { MessageId, RoomId } from '../protocol.ts';
import { keepIdentity } from '../snapshot.ts';
import type { CoreChat, CoreSnapshot, CoreTimelineView, InThread, PendingMessage, SendResult } from '../types.ts';
import { uuidv7 } from '../uuid.ts';
import type { UploadRecord, WaitingMessage } from './storage.ts';

/** How long files of a discarded message are kept for `putBack`: longer than an app offers to undo it. */
const UNDO_MS = 20_000;

/** What the feature offers of them, besides its own methods. */
export interface WaitingChat
  extends Pick<CoreChat, 'discard' | 'getSnapshot' | 'getTimeline' | 'getUnsent' | 'putBack' | 'retry' | 'retryAll'> {
  /** Whether an unsent message still waits for its files. */
  isWaitingForFiles(id: MessageId): boolean;
  /** Ends the waiting: its files are again files that no message has. Undefined where it does not wait any more. */
  takeBack(id: MessageId): WaitingMessage | undefined;
}

export interface WaitingPorts {
  /** This person's, in the order given. */
  records(): readonly UploadRecord[];
  assign(fileId: string, message: WaitingMessage | null): void;
  forget(fileId: string): void;
  retryFile(fileId: string): void;
  removeFile(fileId: string): void;
}

interface Waiter {
  resolve(result: SendResult): void;
  reject(error: ChatError): void;
}

interface Parked {
  readonly message: WaitingMessage;
  readonly files: readonly string[];
  readonly timer: unknown;
}

export function createWaiting(core: Core, { records, assign, forget, retryFile, removeFile }: WaitingPorts) {
  const { chat, outbox, onStored, replica, touch } = core;
  const { clock } = core.env;
  const before = { ...chat };
  const waiters = new Map<MessageId, Waiter>();
  /** Given to the outbox, which has not written them yet. */
  const handedOver = new Set<MessageId>();
  const parked = new Map<MessageId, Parked>();
  const keepView = keepIdentity<CoreTimelineView>();
  const keepSnapshot = keepIdentity<CoreSnapshot>();
  let shown: { readonly of: readonly UploadRecord[]; readonly messages: readonly PendingMessage[] } = {
    of: [],
    messages: [],
  };
  let unsent: { readonly of: readonly unknown[]; readonly items: readonly PendingMessage[] } = { of: [], items: [] };

  const filesOf = (id: MessageId): UploadRecord[] => records().filter(({ message }) => message?.key === id);

  /** The same array, of the same messages, until one changes. */
  function all(): readonly PendingMessage[] {
    const of = records().filter(({ message }) => message && !handedOver.has(message.key));
    if (of.length === shown.of.length && of.every((record, n) => record === shown.of[n])) return shown.messages;
    const found = new Map<MessageId, UploadRecord[]>();
    for (const record of of) {
      const { key } = record.message as WaitingMessage;
      found.set(key, [...(found.get(key) ?? []), record]);
    }
    shown = { of, messages: [...found.values()].map(pendingOf) };
    return shown.messages;
  }

  /** As the outbox shows a message. */
  function pendingOf(files: readonly UploadRecord[]): PendingMessage {
    const { message, roomId } = files[0] as UploadRecord;
    const { key, content, replyTo, inThread, createdAt, files: order } = message as WaitingMessage;
    const held = new Set(files.map(({ id }) => id));
    const failed = files.find(({ state }) => state === 'failed');
    return {
      id: key,
      roomId,
      roomName: replica.rooms.get(roomId)?.name ?? '',
      content,
      replyTo,
      ...(inThread && { inThread }),
      attachments: order.filter((id) => held.has(id)),
      createdAt,
      state: failed ? 'failed' : 'queued',
      error: failed?.error ?? null,
      change: null,
      unsure: false,
    };
  }

  /** Hands over what is ready. */
  function send(): void {
    for (const pending of all()) {
      const { id } = pending;
      const files = filesOf(id);
      if (files.some(({ state }) => state !== 'ready')) continue;
      handedOver.add(id);
      if (!outbox.get(id)) outbox.putBack(pending);
      void outbox.written().then(() => {
        files.forEach((file) => forget(file.id));
        handedOver.delete(id);
      });
    }
  }

  /** A file of the message was removed. What is left of it is sent as text. */
  function lost(message: WaitingMessage | null, roomId: RoomId): void {
    if (!message || filesOf(message.key).length > 0) return;
    const { key, content, replyTo, inThread } = message;
    const waiter = waiters.get(key);
    waiters.delete(key);
    if (content.trim() !== '')
      void chat
        .sendChatMessage(roomId, content, replyTo, inThread && { inThread })
        .then(waiter?.resolve, waiter?.reject);
    else waiter?.reject(discarded());
  }

  function takeBack(id: MessageId): WaitingMessage | undefined {
    const files = handedOver.has(id) ? [] : filesOf(id);
    const message = files[0]?.message ?? undefined;
    for (const file of files) assign(file.id, null);
    waiters.get(id)?.reject(discarded());
    waiters.delete(id);
    return message;
  }

  onStored.push((message) => {
    waiters.get(message.id)?.resolve({ method: core.driver.link ? 'websocket' : 'rest', message });
    waiters.delete(message.id);
  });
  chat.subscribe(() => {
    for (const [id, { reject }] of waiters) {
      const item = outbox.get(id);
      if (item ? item.state !== 'failed' : filesOf(id).length > 0 || handedOver.has(id)) continue;
      waiters.delete(id);
      reject(item?.error ? new ChatError(item.error) : discarded());
    }
  });

  const sorted = (a: readonly PendingMessage[], b: readonly PendingMessage[]): readonly PendingMessage[] =>
    b.length === 0 ? a : [...a, ...b].sort((one, other) => one.createdAt - other.createdAt);

  const api: WaitingChat = {
    isWaitingForFiles: (id) => !handedOver.has(id) && filesOf(id).length > 0,
    takeBack,
    discard(id) {
      const files = filesOf(id).map((file) => file.id);
      const message = takeBack(id);
      if (!message) return before.discard(id);
      const timer = clock.setTimeout(() => {
        parked.delete(id);
        files.forEach(removeFile);
      }, UNDO_MS);
      parked.set(id, { message, files, timer });
    },
    putBack(item) {
      const it = parked.get(item.id);
      if (!it) return before.putBack(item);
      clock.clearTimeout(it.timer);
      parked.delete(item.id);
      for (const file of it.files) assign(file, it.message);
      send();
    },
    retry(id) {
      const files = filesOf(id);
      if (files.length === 0) return before.retry(id);
      for (const file of files) retryFile(file.id);
    },
    retryAll(roomId) {
      before.retryAll(roomId);
      for (const file of records()) if (file.message && (roomId ?? file.roomId) === file.roomId) retryFile(file.id);
    },
    getTimeline(roomId) {
      const view = before.getTimeline(roomId);
      const mine = all().filter((item) => item.roomId === roomId);
      return mine.length === 0 ? view : keepView({ ...view, pending: sorted(view.pending, mine) }, roomId);
    },
    getUnsent() {
      const others = before.getUnsent();
      const mine = all();
      if (mine.length === 0) return others;
      if (unsent.of[0] !== others || unsent.of[1] !== mine)
        unsent = { of: [others, mine], items: sorted(others, mine) };
      return unsent.items;
    },
    getSnapshot() {
      const snapshot = before.getSnapshot();
      const mine = all();
      if (mine.length === 0) return snapshot;
      const failed = mine.filter(({ state }) => state === 'failed').length;
      const waiting = mine.length - failed;
      return keepSnapshot({
        ...snapshot,
        connection: { ...snapshot.connection, waiting: snapshot.connection.waiting + waiting },
        outbox: {
          ...snapshot.outbox,
          waiting: snapshot.outbox.waiting + waiting,
          failed: snapshot.outbox.failed + failed,
        },
      });
    },
  };

  return {
    api,
    send,
    lost,
    /** Of a discarded message that may come back: not shown. */
    isParked: (fileId: string) => [...parked.values()].some(({ files }) => files.includes(fileId)),
    add(
      roomId: RoomId,
      content: string,
      files: readonly string[],
      replyTo: MessageId | null = null,
      inThread?: InThread,
    ): Promise<SendResult> {
      const free = new Set(
        records()
          .filter((file) => file.roomId === roomId && !file.message)
          .map(({ id }) => id),
      );
      if (files.length === 0 || !files.every((id) => free.has(id))) {
        const detail = 'A file of this message is not of this room, was removed, or is in another message.';
        return Promise.reject(new ChatError({ code: 'upload_not_found', status: 404, detail }));
      }
      const createdAt = clock.now();
      const message = { key: uuidv7(createdAt), createdAt, content, replyTo, ...(inThread && { inThread }), files };
      const sent = new Promise<SendResult>((resolve, reject) => waiters.set(message.key, { resolve, reject }));
      // The timeline shows a failure: a caller may ignore the promise.
      sent.catch(() => {});
      for (const id of files) assign(id, message);
      touch(roomId);
      send();
      return sent;
    },
  };
}

const discarded = (): ChatError => new ChatError({ code: 'discarded', detail: 'The message was discarded.' });

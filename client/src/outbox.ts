/**
 * The messages of this person that the server does not have yet.
 *
 * Promise: a message is stored on this device before its first try, goes out in the order written,
 * one at a time per room (rooms in parallel), always under the same id, until the server has it or
 * refuses it for good. A refused one leaves the queue and blocks nobody. What is older than a day
 * is not sent without asking. `deliver` (sender.ts) knows how; this knows what, when and how often.
 */
import { backoff_ms } from './connection/backoff.ts';
import { ChatError } from './errors.ts';
import type { MessageId, RoomId, UserId } from './protocol.ts';
import type { Clock, OutboxItem, OutboxState, OutboxStorage, PendingMessage, SendError, SendResult } from './types.ts';
import { uuidv7 } from './uuid.ts';

export type Draft = Pick<OutboxItem, 'roomId' | 'content' | 'replyTo' | 'attachments'>;
export type Outgoing = Draft & Pick<OutboxItem, 'id'>;

export interface OutboxPorts {
  readonly storage: OutboxStorage;
  readonly clock: Clock;
  readonly random: () => number;
  /** One try. Rejects with a ChatError; `final` ones end the message. */
  deliver(item: Outgoing): Promise<SendResult>;
  /** The room's pending messages, or (null) only the totals, changed. */
  changed(roomId: RoomId | null): void;
}

interface Entry extends Outgoing {
  userId: UserId | null;
  createdAt: number;
  state: PendingMessage['state'];
  error: SendError | null;
  tries: number;
  notBefore: number;
  /** On the medium, or given up on (then `kept` is false). */
  stored: boolean;
  kept: boolean;
  resolve(result: SendResult): void;
  reject(error: ChatError): void;
}

export const EXPIRY_MS = 24 * 60 * 60 * 1_000;
/** A database that does not answer must not hold up sending. */
const STORE_MS = 2_000;
const NOBODY: readonly PendingMessage[] = [];

export class Outbox {
  readonly #ports: OutboxPorts;
  readonly #entries = new Map<MessageId, Entry>();
  readonly #views = new Map<RoomId, readonly PendingMessage[]>();
  #writes: Promise<unknown> = Promise.resolve();
  #user: UserId | null = null;
  #open = false;
  #timer: unknown = null;

  constructor(ports: OutboxPorts) {
    this.#ports = ports;
    const loading = ports.storage.load().then((items) => {
      for (const item of items) this.#restore(item);
      this.#sortByAge();
    });
    this.#write(() => this.#inTime(loading));
  }

  get state(): OutboxState {
    const mine = [...this.#entries.values()].filter((entry) => this.#isMine(entry));
    const failed = mine.filter((entry) => entry.state === 'failed').length;
    return { waiting: mine.length - failed, failed, durable: mine.every((entry) => entry.kept) };
  }

  /** The same array until something in the room changes. */
  pending(roomId: RoomId): readonly PendingMessage[] {
    let view = this.#views.get(roomId);
    if (!view) {
      view = [...this.#entries.values()].filter((e) => e.roomId === roomId && this.#isMine(e)).map(toPending);
      this.#views.set(roomId, view.length > 0 ? view : NOBODY);
    }
    return view.length > 0 ? view : NOBODY;
  }

  has(id: MessageId): boolean {
    return this.#entries.has(id);
  }

  add(draft: Draft): Promise<SendResult> {
    const now = this.#ports.clock.now();
    const sent = new Promise<SendResult>((resolve, reject) => {
      const entry = { ...draft, ...FRESH, id: uuidv7(now), userId: this.#user, createdAt: now, resolve, reject };
      this.#entries.set(entry.id, entry);
      this.#store(entry);
      this.#touch(entry);
    });
    // The timeline shows the failure too: a caller may ignore the promise.
    sent.catch(() => {});
    return sent;
  }

  /** Who is speaking is known, so sending may begin: only that person's messages are shown and sent. */
  setUser(userId: UserId): void {
    this.#open = true;
    if (this.#user === userId) return this.#pump();
    this.#user = userId;
    for (const entry of this.#entries.values()) {
      if (entry.userId === null) {
        entry.userId = userId;
        this.#store(entry);
      }
      this.#touch(entry);
    }
    this.#ports.changed(null);
    this.#pump();
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Stopped, or the session is in doubt: nothing goes out until `setUser` says again who is speaking. */
  close(): void {
    this.#open = false;
    this.#pump();
  }

  /** Something works again: do not sit out the backoff (but what the server asked for). */
  hurry(): void {
    for (const entry of this.#entries.values()) if (entry.tries > 0) entry.notBefore = 0;
    this.#pump();
  }

  /** Resolves when every write so far is done. */
  written(): Promise<unknown> {
    return this.#writes;
  }

  /** The server has it: by ack, by REST, by the event or by history. First one wins. */
  settle(result: SendResult): void {
    const entry = this.#entries.get(result.message.id);
    if (!entry || entry.roomId !== result.message.room_id) return;
    this.#forget(entry);
    entry.resolve(result);
    this.#pump();
  }

  retry(id: MessageId): void {
    const entry = this.#entries.get(id);
    if (entry?.state !== 'failed') return;
    // Asking again is the person's word that it is still meant to be sent.
    Object.assign(entry, FRESH, { createdAt: this.#ports.clock.now() });
    this.#store(entry);
    this.#touch(entry);
  }

  discard(id: MessageId): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#forget(entry);
    entry.reject(new ChatError({ code: 'discarded', detail: 'The message was discarded.' }));
    this.#pump();
  }

  failed(roomId?: RoomId): readonly MessageId[] {
    const mine = [...this.#entries.values()].filter((entry) => this.#isMine(entry) && entry.state === 'failed');
    return mine.filter((entry) => roomId === undefined || entry.roomId === roomId).map((entry) => entry.id);
  }

  // ── private, in calling order ─────────────────────────────────────────────────────────────

  #pump(): void {
    const now = this.#ports.clock.now();
    const busy = new Set<RoomId>();
    let next = Number.POSITIVE_INFINITY;
    const sendable = this.#open ? [...this.#entries.values()] : [];
    for (const entry of sendable) {
      if (entry.userId !== this.#user || entry.state === 'failed' || busy.has(entry.roomId)) continue;
      if (now - entry.createdAt > EXPIRY_MS && entry.state === 'queued') {
        this.#fail(entry, EXPIRED);
        continue;
      }
      busy.add(entry.roomId);
      if (entry.state !== 'queued' || !entry.stored) continue;
      if (entry.notBefore > now) next = Math.min(next, entry.notBefore);
      else void this.#try(entry);
    }
    this.#wakeAt(next, now);
  }

  async #try(entry: Entry): Promise<void> {
    entry.state = 'sending';
    this.#touch(entry);
    try {
      this.settle(await this.#ports.deliver(entry));
    } catch (cause) {
      // Settled or discarded meanwhile: that was the outcome.
      if (this.#entries.get(entry.id) !== entry || entry.state !== 'sending') return;
      const error = cause instanceof ChatError ? cause : new ChatError({ code: 'internal', detail: String(cause) });
      if (error.final) this.#fail(entry, error);
      else this.#postpone(entry, error);
    }
  }

  #postpone(entry: Entry, error: ChatError): void {
    const { clock, random } = this.#ports;
    const told = error.retryAfter;
    entry.state = 'queued';
    // A delay the server asked for is kept even when the connection comes back (tries stays 0).
    entry.tries = told === null ? entry.tries + 1 : 0;
    entry.notBefore = clock.now() + (told === null ? backoff_ms(entry.tries - 1, random()) : told * 1_000);
    this.#touch(entry);
    this.#pump();
  }

  #fail(entry: Entry, error: ChatError): void {
    entry.state = 'failed';
    entry.error = { code: error.code, status: error.status, detail: error.detail };
    this.#store(entry);
    this.#touch(entry);
    entry.reject(error);
    this.#pump();
  }

  #wakeAt(due: number, now: number): void {
    const { clock } = this.#ports;
    if (this.#timer !== null) clock.clearTimeout(this.#timer);
    this.#timer = Number.isFinite(due) ? clock.setTimeout(() => this.#pump(), due - now) : null;
  }

  #restore(item: OutboxItem): void {
    if (this.#entries.has(item.id)) return;
    const entry = { ...FRESH, ...item, stored: true, kept: true, resolve: ignore, reject: ignore };
    this.#entries.set(item.id, entry);
    this.#touch(entry);
  }

  /** What an earlier visit left goes before what was typed while it loaded: ids sort by time. */
  #sortByAge(): void {
    const sorted = [...this.#entries.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    this.#entries.clear();
    for (const entry of sorted) this.#entries.set(entry.id, entry);
    this.#pump();
  }

  #store(entry: Entry): void {
    // Whose it is must be known first, or the next person at this device would send it.
    if (entry.userId === null) return;
    const { id, userId, roomId, content, replyTo, attachments, createdAt, error } = entry;
    const state = entry.state === 'failed' ? 'failed' : 'queued';
    this.#write(async () => {
      const put = this.#ports.storage.put({
        id,
        userId,
        roomId,
        content,
        replyTo,
        attachments,
        createdAt,
        state,
        error,
      });
      entry.kept = await this.#inTime(put);
      entry.stored = true;
      this.#touch(entry);
      this.#pump();
    });
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.id);
    if (entry.userId !== null) this.#write(() => this.#inTime(this.#ports.storage.remove([entry.id])));
    this.#touch(entry);
  }

  /** One at a time, so that a removal never overtakes the write before it. */
  #write(work: () => Promise<unknown>): void {
    this.#writes = this.#writes.then(work).catch(ignore);
  }

  async #inTime(write: Promise<void>): Promise<boolean> {
    let timer: unknown;
    const late = new Promise<boolean>((resolve) => {
      timer = this.#ports.clock.setTimeout(() => resolve(false), STORE_MS);
    });
    const done = write.then(
      () => true,
      () => false,
    );
    return Promise.race([done, late]).finally(() => this.#ports.clock.clearTimeout(timer));
  }

  #isMine(entry: Entry): boolean {
    return entry.userId === null || entry.userId === this.#user;
  }

  #touch(entry: Entry): void {
    this.#views.delete(entry.roomId);
    this.#ports.changed(entry.roomId);
  }
}

const ignore = (): void => {};

const FRESH = {
  state: 'queued' as PendingMessage['state'],
  error: null as SendError | null,
  tries: 0,
  notBefore: 0,
  stored: false,
  kept: true,
};

const EXPIRED = new ChatError({ code: 'expired', detail: 'Written more than a day ago. Send it now?' });

function toPending(entry: Entry): PendingMessage {
  const { id, roomId, content, replyTo, attachments, createdAt, state, error } = entry;
  return { id, roomId, content, replyTo, attachments, createdAt, state, error };
}

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
import { inTime } from './outboxStorage.ts';
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

export interface Outbox {
  readonly state: OutboxState;
  /** Who is speaking is known. */
  readonly isOpen: boolean;
  /** The same array until something in the room changes. */
  pending(roomId: RoomId): readonly PendingMessage[];
  add(draft: Draft): Promise<SendResult>;
  /** Who is speaking is known, so sending may begin: only that person's messages are shown and sent. */
  setUser(userId: UserId): void;
  /** Stopped, or the session is in doubt: nothing goes out until `setUser` says again who is speaking. */
  close(): void;
  /** Something works again: do not sit out the backoff (but what the server asked for). */
  hurry(): void;
  /** Resolves when every write so far is done. */
  written(): Promise<unknown>;
  has(id: MessageId): boolean;
  /** The server has it: by ack, by REST, by the event or by history. First one wins. */
  settle(result: SendResult): void;
  /** What the server had once and may have lost goes again, before what is new. Nobody is shown it; a refusal ends it. */
  offer(items: readonly (Outgoing & Pick<OutboxItem, 'userId'>)[], refused: (id: MessageId) => void): void;
  retry(id: MessageId): void;
  discard(id: MessageId): void;
  failed(roomId?: RoomId): readonly MessageId[];
  /** Everything of this person that is here. */
  ids(): readonly MessageId[];
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
  /** Offered again: kept and shown elsewhere, if at all. */
  silent: boolean;
  resolve(result: SendResult): void;
  reject(error: ChatError): void;
}

export const EXPIRY_MS = 24 * 60 * 60 * 1_000;
const NONE: readonly PendingMessage[] = [];

export function createOutbox({ storage, clock, random, deliver, changed }: OutboxPorts): Outbox {
  const entries = new Map<MessageId, Entry>();
  const views = new Map<RoomId, readonly PendingMessage[]>();
  let writes: Promise<unknown> = Promise.resolve();
  let user: UserId | null = null;
  let isOpen = false;
  let timer: unknown = null;

  const mine = (): Entry[] => [...entries.values()].filter(({ userId }) => userId === null || userId === user);
  const shown = (): Entry[] => mine().filter(({ silent }) => !silent);
  const failed = (roomId?: RoomId): MessageId[] =>
    shown()
      .filter((entry) => entry.state === 'failed' && (roomId ?? entry.roomId) === entry.roomId)
      .map(({ id }) => id);

  // ── sending ───────────────────────────────────────────────────────────────────────────────

  function pump(): void {
    const now = clock.now();
    const busy = new Set<RoomId>();
    let next = Number.POSITIVE_INFINITY;
    clock.clearTimeout(timer);
    for (const entry of isOpen ? mine() : []) {
      const { state, roomId } = entry;
      if (entry.userId === null || state === 'failed' || busy.has(roomId)) continue;
      if (state === 'queued' && now - entry.createdAt > EXPIRY_MS) {
        // Which looks at all of them anew.
        return fail(entry, new ChatError({ code: 'expired', detail: 'Written more than a day ago. Send it now?' }));
      }
      busy.add(roomId);
      if (state === 'sending' || !entry.stored) continue;
      if (entry.notBefore > now) next = Math.min(next, entry.notBefore);
      else void attempt(entry);
    }
    if (next < Number.POSITIVE_INFINITY) timer = clock.setTimeout(pump, next - now);
  }

  async function attempt(entry: Entry): Promise<void> {
    entry.state = 'sending';
    touch(entry);
    try {
      settle(await deliver(entry));
    } catch (cause) {
      // Settled or discarded meanwhile: that was the outcome.
      if (entries.get(entry.id) !== entry || entry.state !== 'sending') return;
      const error = cause instanceof ChatError ? cause : new ChatError({ code: 'internal', detail: String(cause) });
      if (error.final) return fail(entry, error);
      const told = error.retryAfter;
      entry.state = 'queued';
      // A delay the server asked for is kept even when the connection comes back (tries stays 0).
      entry.notBefore = clock.now() + (told === null ? backoff_ms(entry.tries, random()) : told * 1_000);
      entry.tries = told === null ? entry.tries + 1 : 0;
      touch(entry);
      pump();
    }
  }

  function fail(entry: Entry, error: ChatError): void {
    const { code, status, detail } = error;
    entry.reject(error);
    if (entry.silent) return forget(entry);
    entry.state = 'failed';
    entry.error = { code, status, detail };
    store(entry);
    touch(entry);
    pump();
  }

  function settle(result: SendResult): void {
    const { id, room_id } = result.message;
    const entry = entries.get(id);
    if (entry?.roomId !== room_id) return;
    forget(entry);
    entry.resolve(result);
  }

  function forget(entry: Entry): void {
    const { id, userId, silent } = entry;
    entries.delete(id);
    if (userId !== null && !silent) write(() => inTime(clock, storage.remove([id])));
    touch(entry);
    pump();
  }

  // ── keeping ───────────────────────────────────────────────────────────────────────────────

  function store(entry: Entry): void {
    const { id, userId, roomId, content, replyTo, attachments, createdAt, error } = entry;
    // Whose it is must be known first, or the next person at this device would send it.
    if (userId === null) return;
    const state = entry.state === 'failed' ? 'failed' : 'queued';
    const item = { id, userId, roomId, content, replyTo, attachments, createdAt, state, error } as const;
    write(async () => {
      entry.kept = await inTime(clock, storage.put(item));
      entry.stored = true;
      touch(entry);
      pump();
    });
  }

  /** One at a time, so that a removal never overtakes the write before it. */
  function write(work: () => Promise<unknown>): void {
    writes = writes.then(work).catch(ignore);
  }

  function touch({ roomId }: Entry): void {
    views.delete(roomId);
    changed(roomId);
  }

  /** What an earlier visit or another tab left goes before what was typed since: ids sort by time. */
  function restore(items: readonly OutboxItem[]): void {
    const typed = [...entries.values()];
    const left = items.flatMap((item): Entry[] => (entries.has(item.id) ? [] : [{ ...FRESH, ...item, stored: true }]));
    entries.clear();
    for (const entry of [...left, ...typed].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      entries.set(entry.id, entry);
      touch(entry);
    }
    pump();
  }

  const loading = storage.load().then(restore);
  storage.subscribe?.(restore);
  write(() => inTime(clock, loading));

  return {
    get state() {
      const all = shown();
      const refused = failed().length;
      return { waiting: all.length - refused, failed: refused, durable: all.every(({ kept }) => kept) };
    },
    get isOpen() {
      return isOpen;
    },
    pending(roomId) {
      let view = views.get(roomId);
      if (!view) {
        view = shown()
          .filter((entry) => entry.roomId === roomId)
          .map(toPending);
        if (view.length === 0) view = NONE;
        views.set(roomId, view);
      }
      return view;
    },
    add(draft) {
      const now = clock.now();
      const sent = new Promise<SendResult>((resolve, reject) => {
        const entry = { ...FRESH, ...draft, id: uuidv7(now), userId: user, createdAt: now, resolve, reject };
        entries.set(entry.id, entry);
        store(entry);
        touch(entry);
      });
      // The timeline shows the failure too: a caller may ignore the promise.
      sent.catch(ignore);
      return sent;
    },
    setUser(userId) {
      isOpen = true;
      if (user !== userId) {
        user = userId;
        for (const entry of entries.values()) {
          if (entry.userId === null) {
            entry.userId = userId;
            store(entry);
          }
          touch(entry);
        }
        changed(null);
      }
      pump();
    },
    close() {
      isOpen = false;
      pump();
    },
    hurry() {
      for (const entry of entries.values()) if (entry.tries > 0) entry.notBefore = 0;
      pump();
    },
    written: () => writes,
    has: (id) => entries.has(id),
    settle,
    retry(id) {
      const entry = entries.get(id);
      if (entry?.state !== 'failed') return;
      const { resolve, reject } = entry;
      // Asking again is the person's word that it is still meant to be sent.
      Object.assign(entry, FRESH, { createdAt: clock.now(), resolve, reject });
      store(entry);
      touch(entry);
    },
    discard(id) {
      const entry = entries.get(id);
      if (!entry) return;
      forget(entry);
      entry.reject(new ChatError({ code: 'discarded', detail: 'The message was discarded.' }));
    },
    offer(items, refused) {
      const after = [...entries.values()];
      entries.clear();
      const createdAt = clock.now();
      for (const item of items) {
        const reject = (): void => refused(item.id);
        entries.set(item.id, { ...FRESH, ...item, createdAt, stored: true, silent: true, reject });
      }
      for (const entry of after) entries.set(entry.id, entry);
      pump();
    },
    failed,
    ids: () => mine().map(({ id }) => id),
  };
}

const ignore = (): void => {};

const FRESH = {
  state: 'queued' as PendingMessage['state'],
  error: null as SendError | null,
  tries: 0,
  notBefore: 0,
  stored: false,
  kept: true,
  silent: false,
  resolve: ignore as Entry['resolve'],
  reject: ignore as Entry['reject'],
};

function toPending({ id, roomId, content, replyTo, attachments, createdAt, state, error }: Entry): PendingMessage {
  return { id, roomId, content, replyTo, attachments, createdAt, state, error };
}

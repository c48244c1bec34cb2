/**
 * Messages, and changes of messages, that the server does not have yet.
 *
 * Promise: a message is stored on this device before its first try. Messages of a room are sent in the
 * order written, one at a time (rooms in parallel), each always with the same id, until the server has
 * it or refuses it for good. A refused one leaves the queue and blocks no other. Items older than a day
 * are not sent without asking. `deliver` makes one try (sender.ts; of a change, features/changes.ts); the
 * outbox decides what, when and how often. A change is in the same queue as the messages of its room.
 *
 * Longer than 300 lines: every method works on the one queue, and a third of the file is the interface.
 */
import { createAlarm } from './clock.ts';
import { retry_ms } from './connection/backoff.ts';
import { ChatError } from './errors.ts';
import { inTime } from './outboxStorage.ts';
import type { MessageId, RoomId, UserId } from './protocol.ts';
import type {
  Clock,
  MessageChange,
  OutboxItem,
  OutboxState,
  OutboxStorage,
  PendingChange,
  PendingMessage,
  SendResult,
  SentItem,
} from './types.ts';
import { uuidv7 } from './uuid.ts';

export type Draft = Pick<OutboxItem, 'roomId' | 'content' | 'replyTo' | 'inThread' | 'roomName' | 'change'> &
  Partial<Pick<OutboxItem, 'attachments'>>;

export interface OutboxPorts {
  readonly storage: OutboxStorage;
  readonly clock: Clock;
  readonly random: () => number;
  /** One try. Rejects with a ChatError; `final` ones end the message. */
  deliver(item: PendingMessage): Promise<SendResult>;
  /** Who is signed in, where the page knows before the server has confirmed it. */
  readonly userId?: UserId | undefined;
  /** The room's pending messages, or (without a room) only the totals, changed. */
  changed(roomId?: RoomId): void;
}

export interface Outbox {
  readonly state: OutboxState;
  /** The server has confirmed who is signed in. */
  readonly isOpen: boolean;
  /** The room's messages, and its changes, oldest first. */
  pending(roomId: RoomId): readonly PendingMessage[];
  changes(roomId: RoomId): readonly PendingChange[];
  /** Of all rooms, in the order written; the same array until something changes. */
  all(): readonly PendingMessage[];
  add(draft: Draft): Promise<SendResult>;
  /** Replaces the content of an item that was not tried yet. False where it may have been sent. */
  alter(id: MessageId, to: Pick<Draft, 'content' | 'change'>): boolean;
  /** Adds an item that was just discarded, as it was. */
  putBack(item: PendingMessage): void;
  get(id: MessageId): PendingMessage | undefined;
  /** The server has confirmed who is signed in: only that person's items are shown and sent from now on. */
  setUser(userId: UserId): void;
  /** Stopped, or the session may be over: nothing is sent until `setUser` is called again. */
  close(): void;
  /** A transport works again: ends every backoff (except a delay that the server asked for). */
  hurry(): void;
  /** Resolves when every write so far is done. */
  written(): Promise<unknown>;
  /** The server has it: by ack, by REST, by the event or by history. First one wins. */
  confirm(result: SendResult): void;
  /** Resends messages that a restored server may lack, before what is new. They are not shown; `refused` ends one. */
  offer(items: readonly SentItem[], refused: (id: MessageId) => void): void;
  retry(id: MessageId, change?: MessageChange): void;
  discard(id: MessageId): void;
  failed(roomId?: RoomId): readonly MessageId[];
  /** Every item of this person, hidden ones included. */
  ids(): readonly MessageId[];
}

interface Entry {
  /** As it is shown; replaced by a new object whenever it changes. */
  item: PendingMessage;
  /** Null while it is unknown who is signed in: then it is not stored. */
  userId: UserId | null;
  tries: number;
  /** Not tried before then, milliseconds since 1970. */
  notBefore: number;
  /** Written to the storage as it is, or that failed (then `kept` is false). */
  stored: boolean;
  kept: boolean;
  /** The version last given to the storage. */
  saved: unknown;
  /** Offered again: neither stored nor shown. */
  silent: boolean;
  resolve(result: SendResult): void;
  reject(error: ChatError): void;
}

export const EXPIRY_MS = 24 * 60 * 60 * 1_000;

export function createOutbox({ storage, clock, random, deliver, userId, changed }: OutboxPorts): Outbox {
  const entries = new Map<MessageId, Entry>();
  let shown: readonly PendingMessage[] | null = null;
  let writes: Promise<unknown> = Promise.resolve();
  let user = userId ?? null;
  let isOpen = false;
  const pumpAt = createAlarm(clock, pump);

  const mine = (): Entry[] => [...entries.values()].filter(({ userId }) => userId === null || userId === user);
  const isHidden = ({ item, silent }: Entry): boolean => silent || !!item.change?.undo;
  const all = (): readonly PendingMessage[] =>
    (shown ??= mine()
      .filter((entry) => !isHidden(entry))
      .map(({ item }) => item));
  const failed = (roomId?: RoomId): MessageId[] =>
    all()
      .filter((item) => item.state === 'failed' && (roomId ?? item.roomId) === item.roomId)
      .map(({ id }) => id);

  // ── sending ───────────────────────────────────────────────────────────────────────────────

  function pump(): void {
    const now = clock.now();
    const busy = new Set<RoomId>();
    let next: number | null = null;
    for (const entry of isOpen ? mine() : []) {
      const { state, roomId, createdAt } = entry.item;
      if (state === 'failed' || busy.has(roomId)) continue;
      if (state === 'queued' && now - createdAt > EXPIRY_MS) {
        // `fail` pumps again.
        return fail(entry, new ChatError({ code: 'expired', detail: 'Written more than a day ago. Send it now?' }));
      }
      busy.add(roomId);
      if (state === 'sending' || !entry.stored) continue;
      if (entry.notBefore > now) next = Math.min(next ?? entry.notBefore, entry.notBefore);
      else void attempt(entry);
    }
    pumpAt(next);
  }

  async function attempt(entry: Entry): Promise<void> {
    const { id, unsure } = entry.item;
    update(entry, { state: 'sending', unsure: true });
    try {
      const result = await deliver(entry.item);
      if (entries.get(id) === entry) done(entry, result);
    } catch (cause) {
      // Confirmed or discarded meanwhile.
      if (entries.get(id) !== entry || entry.item.state !== 'sending') return;
      const error = cause instanceof ChatError ? cause : new ChatError({ code: 'internal', detail: String(cause) });
      const { code, final, retryAfter } = error;
      entry.notBefore = clock.now() + retry_ms(error, entry.tries, random());
      // A delay the server asked for is kept even when the connection comes back (`hurry`).
      entry.tries = retryAfter === null ? entry.tries + 1 : 0;
      // A refusal has changed nothing; nor has what was not tried.
      update(entry, { state: 'queued', unsure: !final && (unsure || code !== 'offline') });
      if (final) fail(entry, error);
      else pump();
    }
  }

  function fail(entry: Entry, error: ChatError): void {
    const { code, status, detail } = error;
    entry.reject(error);
    if (isHidden(entry)) return forget(entry);
    save(entry, { state: 'failed', error: { code, status, detail } });
    pump();
  }

  function done(entry: Entry, result: SendResult): void {
    forget(entry);
    entry.resolve(result);
  }

  function forget(entry: Entry): void {
    const { id } = entry.item;
    if (entry.userId !== null && !entry.silent) write(() => inTime(clock, storage.remove([id])));
    release(entry);
  }

  function release(entry: Entry): void {
    entries.delete(entry.item.id);
    update(entry);
    pump();
  }

  // ── keeping ───────────────────────────────────────────────────────────────────────────────

  function update(entry: Entry, change?: Partial<PendingMessage>): void {
    const { roomId } = entry.item;
    entry.item = { ...entry.item, ...change };
    shown = null;
    changed(roomId);
  }

  /** Updates it here and in the storage. */
  function save(entry: Entry, to?: Partial<PendingMessage>): void {
    entry.stored = false;
    update(entry, to);
    const { unsure: _, state, change, roomName, ...item } = entry.item;
    const { userId } = entry;
    // Without an owner the next person at this device would send it.
    if (userId === null) return;
    const saved: OutboxItem = {
      ...item,
      userId,
      state: state === 'failed' ? state : 'queued',
      ...(roomName && { roomName }),
      ...(change && { change }),
    };
    entry.saved = saved;
    write(async () => {
      // Removed meanwhile, or taken by another tab, or altered.
      if (entries.get(item.id) !== entry || entry.saved !== saved) return;
      entry.kept = await inTime(clock, storage.put(saved));
      entry.stored = entry.saved === saved;
      update(entry);
      pump();
    });
  }

  /** Queues it again. It is not tried before it is stored. */
  function requeue(entry: Entry, to: Partial<PendingMessage>): void {
    Object.assign(entry, { tries: 0, notBefore: 0 });
    save(entry, { ...to, state: 'queued', error: null });
  }

  function put(item: PendingMessage, more?: Partial<Entry>): void {
    const entry = entryOf(user, item, more);
    entries.set(item.id, entry);
    save(entry);
  }

  /** One at a time, so that a removal never overtakes the write before it. */
  function write(work: () => Promise<unknown>): void {
    writes = writes.then(work).catch(ignore);
  }

  /** Adds stored entries in the order of their ids, which is that of time. */
  function insert(stored: readonly Entry[]): void {
    const every = [...stored, ...entries.values()].sort((a, b) => (a.item.id < b.item.id ? -1 : 1));
    entries.clear();
    for (const entry of every) {
      entries.set(entry.item.id, entry);
      update(entry);
    }
    pump();
  }

  /** Adds what an earlier visit or another tab left. */
  function restore(items: readonly OutboxItem[]): void {
    const left = items
      .filter(({ id }) => !entries.has(id))
      .map(({ userId, ...item }) => {
        // It is not stored whether an item was tried; a refused one did not arrive.
        const unsure = !item.error?.status;
        return entryOf(userId, { ...QUEUED, ...item, unsure }, { stored: true });
      });
    insert(left);
  }

  /** Releases an item that another tab takes over from the storage: it has to be there as it is here. */
  function handOver(id: MessageId): boolean {
    const entry = entries.get(id);
    if (!entry?.stored || !entry.kept) return false;
    release(entry);
    return true;
  }

  const loading = storage.load().then(restore);
  storage.subscribe?.(restore, handOver);
  write(() => inTime(clock, loading));

  return {
    get state() {
      const refused = failed().length;
      return { waiting: all().length - refused, failed: refused, durable: mine().every(({ kept }) => kept) };
    },
    get isOpen() {
      return isOpen;
    },
    pending: (roomId) => all().filter((item) => item.roomId === roomId && !item.change),
    changes: (roomId) => all().filter((item): item is PendingChange => item.roomId === roomId && !!item.change),
    all,
    add(draft) {
      const now = clock.now();
      const sent = new Promise<SendResult>((resolve, reject) => {
        put({ ...QUEUED, ...draft, id: uuidv7(now), createdAt: now }, { resolve, reject });
      });
      // The timeline shows the failure: a caller may ignore the promise.
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
            save(entry);
          } else update(entry);
        }
        changed();
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
    confirm(result) {
      const { id, room_id } = result.message;
      const entry = entries.get(id);
      if (entry?.item.roomId === room_id) done(entry, result);
    },
    alter(id, to) {
      const entry = entries.get(id);
      if (!entry || entry.item.unsure || entry.item.state === 'sending') return false;
      requeue(entry, to);
      return true;
    },
    putBack(item) {
      const id = item.unsure ? uuidv7(clock.now()) : item.id;
      put({ ...item, id, state: item.state === 'failed' ? 'failed' : 'queued', unsure: false });
    },
    get: (id) => entries.get(id)?.item,
    retry(id, change) {
      const entry = entries.get(id);
      // The person confirms that it is to be sent: it does not expire for another day.
      if (entry?.item.state === 'failed') requeue(entry, { createdAt: clock.now(), ...(change && { change }) });
    },
    discard(id) {
      const entry = entries.get(id);
      if (!entry) return;
      forget(entry);
      entry.reject(new ChatError({ code: 'discarded', detail: 'The message was discarded.' }));
    },
    offer(items, refused) {
      const createdAt = clock.now();
      const offered = items.map(({ userId, ...item }) => {
        const reject = (): void => refused(item.id);
        return entryOf(userId, { ...QUEUED, ...item, createdAt }, { stored: true, silent: true, reject });
      });
      insert(offered);
    },
    failed,
    ids: () => mine().map(({ item }) => item.id),
  };
}

const ignore = (): void => {};

/** The state of an item that was never tried. */
const QUEUED = {
  roomName: '',
  attachments: [] as readonly string[],
  state: 'queued',
  error: null,
  change: null,
  unsure: false,
} as const;

const entryOf = (userId: UserId | null, item: PendingMessage, more?: Partial<Entry>): Entry => ({
  item,
  userId,
  tries: 0,
  notBefore: 0,
  stored: false,
  kept: true,
  saved: null,
  silent: false,
  resolve: ignore,
  reject: ignore,
  ...more,
});

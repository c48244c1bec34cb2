/**
 * What this person wrote that the server does not have yet: messages, and changes of messages.
 *
 * Promise: a message is stored on this device before its first try, goes out in the order written,
 * one at a time per room (rooms in parallel), always under the same id, until the server has it or
 * refuses it for good. A refused one leaves the queue and blocks nobody. What is older than a day
 * is not sent without asking. `deliver` knows how (sender.ts; of a change, features/changes.ts); this
 * knows what, when and how often. A change stands in the same queue as the messages of its room.
 */
import { backoff_ms } from './connection/backoff.ts';
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
  SendError,
  SendResult,
} from './types.ts';
import { uuidv7 } from './uuid.ts';

export type Draft = Pick<OutboxItem, 'roomId' | 'content' | 'replyTo' | 'attachments' | 'roomName' | 'change'>;
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
  /** The room's messages, and its changes; the same arrays until something in the room changes. */
  pending(roomId: RoomId): readonly PendingMessage[];
  changes(roomId: RoomId): readonly PendingChange[];
  /** Of all rooms, in the order written; the same array until something changes. */
  all(): readonly PendingMessage[];
  add(draft: Draft): Promise<SendResult>;
  /** What was not tried yet says this instead. False where it is too late for that. */
  alter(id: MessageId, to: Pick<Draft, 'content' | 'change'>): boolean;
  /** Discarded a moment ago: it stands there again as it was. */
  putBack(item: PendingMessage): void;
  get(id: MessageId): PendingMessage | undefined;
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
  retry(id: MessageId, change?: MessageChange): void;
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
  /** What was given to the medium last. */
  saved: unknown;
  /** Offered again: kept and shown elsewhere, if at all. */
  silent: boolean;
  /** May have reached the server. */
  unsure: boolean;
  resolve(result: SendResult): void;
  reject(error: ChatError): void;
}

export const EXPIRY_MS = 24 * 60 * 60 * 1_000;
const NONE: readonly never[] = [];

export function createOutbox({ storage, clock, random, deliver, changed }: OutboxPorts): Outbox {
  const entries = new Map<MessageId, Entry>();
  const views = new Map<RoomId, readonly [readonly PendingMessage[], readonly PendingChange[]]>();
  let all: readonly PendingMessage[] | null = null;
  let writes: Promise<unknown> = Promise.resolve();
  let user: UserId | null = null;
  let isOpen = false;
  let timer: unknown = null;

  const mine = (): Entry[] => [...entries.values()].filter(({ userId }) => userId === null || userId === user);
  const shown = (): Entry[] => mine().filter(({ silent, change }) => !silent && !change?.undo);
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
    const { unsure } = entry;
    entry.state = 'sending';
    entry.unsure = true;
    touch(entry);
    try {
      const result = await deliver(entry);
      if (entries.get(entry.id) === entry) done(entry, result);
    } catch (cause) {
      // Settled or discarded meanwhile: that was the outcome.
      if (entries.get(entry.id) !== entry || entry.state !== 'sending') return;
      const error = cause instanceof ChatError ? cause : new ChatError({ code: 'internal', detail: String(cause) });
      // A refusal has changed nothing; nor has what was not tried.
      if (error.final || error.code === 'offline') entry.unsure = unsure && !error.final;
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
    if (entry.silent || entry.change?.undo) return forget(entry);
    entry.state = 'failed';
    entry.error = { code, status, detail };
    store(entry);
    touch(entry);
    pump();
  }

  function settle(result: SendResult): void {
    const { id, room_id } = result.message;
    const entry = entries.get(id);
    if (entry?.roomId === room_id) done(entry, result);
  }

  function done(entry: Entry, result: SendResult): void {
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
    const { id, userId, roomId, roomName, content, replyTo, attachments, change, createdAt, error } = entry;
    // Whose it is must be known first, or the next person at this device would send it.
    if (userId === null) return;
    const state = entry.state === 'failed' ? 'failed' : 'queued';
    const base = { id, userId, roomId, content, replyTo, attachments, createdAt, state, error } as const;
    const item: OutboxItem = { ...base, ...(roomName && { roomName }), ...(change && { change }) };
    entry.saved = item;
    write(async () => {
      // Gone meanwhile, to another tab perhaps; or altered.
      if (entries.get(id) !== entry || entry.saved !== item) return;
      entry.kept = await inTime(clock, storage.put(item));
      entry.stored = entry.saved === item;
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
    all = null;
    changed(roomId);
  }

  function view(roomId: RoomId) {
    let made = views.get(roomId);
    if (!made) {
      const here = shown()
        .filter((entry) => entry.roomId === roomId)
        .map(toPending);
      const messages = here.filter(({ change }) => !change);
      const changes = here.filter((item): item is PendingChange => item.change !== null);
      made = [messages[0] ? messages : NONE, changes[0] ? changes : NONE];
      views.set(roomId, made);
    }
    return made;
  }

  /** What an earlier visit or another tab left goes before what was typed since: ids sort by time. */
  function restore(items: readonly OutboxItem[]): void {
    const typed = [...entries.values()];
    const left = items.flatMap((item): Entry[] => {
      // Whether it was tried is not kept; what was refused is known not to have arrived.
      const unsure = !item.error?.status;
      return entries.has(item.id) ? [] : [{ ...FRESH, ...item, stored: true, unsure }];
    });
    entries.clear();
    for (const entry of [...left, ...typed].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      entries.set(entry.id, entry);
      touch(entry);
    }
    pump();
  }

  /** Somebody else sends it from now on. */
  function letGo(id: MessageId): boolean {
    const entry = entries.get(id);
    if (!entry?.stored) return false;
    entries.delete(id);
    touch(entry);
    pump();
    return true;
  }

  function put(entry: Entry): void {
    entries.set(entry.id, entry);
    store(entry);
    touch(entry);
  }

  const loading = storage.load().then(restore);
  storage.subscribe?.(restore, letGo);
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
    pending: (roomId) => view(roomId)[0],
    changes: (roomId) => view(roomId)[1],
    all: () => (all ??= shown().map(toPending)),
    add(draft) {
      const now = clock.now();
      const sent = new Promise<SendResult>((resolve, reject) => {
        put({ ...FRESH, ...draft, id: uuidv7(now), userId: user, createdAt: now, resolve, reject });
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
    alter(id, to) {
      const entry = entries.get(id);
      if (!entry || entry.unsure || entry.state === 'sending') return false;
      // Until it is on the medium again it is not tried.
      Object.assign(entry, to, { state: 'queued', error: null, stored: false, tries: 0, notBefore: 0 });
      store(entry);
      touch(entry);
      return true;
    },
    putBack({ roomName, change, ...item }) {
      const id = item.unsure ? uuidv7(clock.now()) : item.id;
      const state = item.state === 'failed' ? 'failed' : 'queued';
      put({ ...FRESH, ...item, id, userId: user, state, unsure: false, roomName, ...(change && { change }) });
    },
    get: (id) => {
      const entry = entries.get(id);
      return entry && toPending(entry);
    },
    retry(id, change) {
      const entry = entries.get(id);
      if (entry?.state !== 'failed') return;
      const { resolve, reject, unsure } = entry;
      // Asking again is the person's word that it is still meant to be sent.
      Object.assign(entry, FRESH, { createdAt: clock.now(), resolve, reject, unsure }, change && { change });
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
  unsure: false,
  saved: null as unknown,
  resolve: ignore as Entry['resolve'],
  reject: ignore as Entry['reject'],
};

function toPending(entry: Entry): PendingMessage {
  const { id, roomId, roomName = '', content, replyTo, attachments, createdAt, state, error, change = null } = entry;
  return { id, roomId, roomName, content, replyTo, attachments, createdAt, state, error, change, unsure: entry.unsure };
}

/**
 * Deletions that can still be undone: a message looks deleted at once, and the command goes into the outbox six seconds later.
 *
 * What is held is kept on the device, so that a deletion takes effect although the tab is closed: the next start of the app goes on with it,
 * also another tab's, and looks before it does whether it was undone meanwhile. From then on the outbox keeps it.
 */
import type { Chat, Message, MessageId, RoomId, UserId } from '@backchannel/client';
import { createStore, useStore } from '../ui/store.ts';

const HOLD_MS = 6_000;
/** Longer than a server that is reached takes: then it is deleted, or the message shows that its deletion waits. */
const ANSWER_MS = 2_000;

interface Held {
  readonly roomId: RoomId;
  /** When the command is given, in ms since 1970. */
  readonly due: number;
}
type AllHeld = Readonly<Record<MessageId, Held>>;

/** `held`: can be undone. `given`: the outbox has it, and the server is expected to answer. */
type DeletionState = 'held' | 'given';

const states = createStore<ReadonlyMap<MessageId, DeletionState>>(new Map());
const timers = new Map<MessageId, ReturnType<typeof setTimeout>>();

export const useDeletion = (id: MessageId): DeletionState | undefined => useStore(states, (all) => all.get(id));

const storageKey = (me: UserId): string => `backchannel.deletions.${me}`;

function stored(me: UserId): AllHeld {
  try {
    const all: unknown = JSON.parse(localStorage.getItem(storageKey(me)) ?? '{}');
    return typeof all === 'object' && all !== null ? (all as AllHeld) : {};
  } catch {
    return {};
  }
}

/** Whether it is kept on the device. */
function store(me: UserId, all: AllHeld): boolean {
  try {
    if (Object.keys(all).length > 0) localStorage.setItem(storageKey(me), JSON.stringify(all));
    else localStorage.removeItem(storageKey(me));
    return true;
  } catch {
    return false;
  }
}

function setState(id: MessageId, state: DeletionState | undefined): void {
  states.set((all) => {
    const next = new Map(all);
    if (state) next.set(id, state);
    else next.delete(id);
    return next;
  });
}

/** No longer held: undone, or given. Whether it was held until now, by any tab. */
function release(me: UserId, id: MessageId): boolean {
  clearTimeout(timers.get(id));
  timers.delete(id);
  const { [id]: held, ...others } = stored(me);
  store(me, others);
  return held !== undefined;
}

/** Resolves when the server has answered, or does not soon. */
async function give(chat: Chat, me: UserId, id: MessageId, roomId: RoomId): Promise<void> {
  // Where it is no longer held, another tab has given it, or it was undone there.
  if (release(me, id)) {
    setState(id, 'given');
    // A deletion that fails is shown at the message.
    const given = chat.deleteMessage({ id, room_id: roomId }).catch(() => undefined);
    await Promise.race([given, new Promise((resolve) => setTimeout(resolve, ANSWER_MS))]);
  }
  setState(id, undefined);
}

function hold(chat: Chat, me: UserId, id: MessageId, { roomId, due }: Held): void {
  setState(id, 'held');
  const wait_ms = Math.min(HOLD_MS, Math.max(0, due - Date.now()));
  timers.set(
    id,
    setTimeout(() => void give(chat, me, id, roomId), wait_ms),
  );
}

/** Deletes the message unless `undoDeletion` is called in time. Where the device keeps nothing, it is deleted at once. */
export function holdDeletion(chat: Chat, me: UserId, { id, room_id: roomId }: Message): void {
  const held: Held = { roomId, due: Date.now() + HOLD_MS };
  if (store(me, { ...stored(me), [id]: held })) hold(chat, me, id, held);
  else chat.deleteMessage({ id, room_id: roomId }).catch(() => undefined);
}

export function undoDeletion(me: UserId, id: MessageId): void {
  release(me, id);
  setState(id, undefined);
}

/** Goes on with what an earlier visit or another tab holds. Returns a function that stops this tab's part in it. */
export function resumeDeletions(chat: Chat, me: UserId): () => void {
  for (const [id, held] of Object.entries(stored(me))) if (!timers.has(id)) hold(chat, me, id, held);
  return () => {
    for (const [id, timer] of timers) {
      clearTimeout(timer);
      setState(id, undefined);
    }
    timers.clear();
  };
}

/** Gives all that is held, before signing out: what looks deleted must not come back. */
export async function giveDeletions(chat: Chat, me: UserId): Promise<void> {
  await Promise.all(Object.entries(stored(me)).map(([id, { roomId }]) => give(chat, me, id, roomId)));
}

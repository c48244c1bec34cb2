import type { Message, MessageId, RoomId, Seq, UserId } from '@backchannel/client';
import { nameOf } from '../ui/names.ts';
import { plainText } from '../ui/plainText.ts';
import { createStore, type Store } from '../ui/store.ts';

/** The message a draft answers: what the composer shows of it, and its id. */
export interface ReplyTarget {
  readonly id: MessageId;
  readonly seq: Seq;
  readonly name: string;
  readonly excerpt: string;
}

/** What was typed in a room and not sent. */
export interface Draft {
  readonly text: string;
  readonly replyTo: ReplyTarget | null;
}

export const NO_DRAFT: Draft = { text: '', replyTo: null };

/** The part of `Storage` that is used; tests and private modes bring their own. */
type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

export interface Drafts {
  /** Empty drafts are left out. */
  readonly store: Store<Readonly<Record<RoomId, Draft>>>;
  get(roomId: RoomId): Draft;
  set(roomId: RoomId, draft: Draft): void;
  /** Takes over what another tab wrote. */
  sync(key: string | null): void;
  /** Forgets everything this person typed, on this device: for signing out. */
  clear(): void;
}

/** Drafts of one person, kept across reloads, one entry a room so that two tabs do not overwrite each other's rooms. */
export function createDrafts(userId: UserId, shelf: Shelf | null): Drafts {
  const prefix = `backchannel.draft.${userId}.`;
  const store = createStore(readAll(shelf, prefix));

  const put = (roomId: RoomId, draft: Draft | null) =>
    store.set((all) => {
      const { [roomId]: _, ...others } = all;
      return draft ? { ...others, [roomId]: draft } : others;
    });

  return {
    store,
    get: (roomId) => store.get()[roomId] ?? NO_DRAFT,
    set(roomId, draft) {
      const empty = draft.text.trim() === '' && draft.replyTo === null;
      put(roomId, draft.text === '' && draft.replyTo === null ? null : draft);
      try {
        if (empty) shelf?.removeItem(prefix + roomId);
        else shelf?.setItem(prefix + roomId, JSON.stringify(draft));
      } catch {
        // A full or refused storage costs the reload's memory, not the text on screen.
      }
    },
    sync(key) {
      if (!key?.startsWith(prefix)) return;
      put(Number(key.slice(prefix.length)), parse(shelf?.getItem(key) ?? null));
    },
    clear() {
      for (const roomId of Object.keys(store.get())) shelf?.removeItem(prefix + roomId);
      store.set({});
    },
  };
}

/** What a reply shows of `message`, on one line. */
export function replyTarget(message: Message): ReplyTarget {
  return {
    id: message.id,
    seq: message.seq,
    name: nameOf(message.sender),
    excerpt: plainText(message.content),
  };
}

function readAll(shelf: Shelf | null, prefix: string): Record<RoomId, Draft> {
  const found: Record<RoomId, Draft> = {};
  try {
    for (let index = 0; shelf && index < shelf.length; index += 1) {
      const key = shelf.key(index);
      const draft = key?.startsWith(prefix) ? parse(shelf.getItem(key)) : null;
      if (key && draft) found[Number(key.slice(prefix.length))] = draft;
    }
  } catch {
    // Storage that throws is storage that is not there.
  }
  return found;
}

function parse(text: string | null): Draft | null {
  try {
    const made = JSON.parse(text ?? 'null') as Partial<Draft> | null;
    return typeof made?.text === 'string' ? { text: made.text, replyTo: made.replyTo ?? null } : null;
  } catch {
    return null;
  }
}

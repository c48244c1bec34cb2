import type { InThread, Message, MessageId, RoomId, Seq, Draft as ServerDraft, UserId } from '@backchannel/client';
import { textOrNames } from '../features/files/messageText.ts';
import { nameOf } from '../ui/names.ts';
import { plainText } from '../ui/plainText.ts';
import { createStore, type Store } from '../ui/store.ts';

/** The message a draft replies to, as the composer shows it. */
export interface ReplyTarget {
  readonly id: MessageId;
  readonly seq: Seq;
  readonly name: string;
  readonly excerpt: string;
}

/** Text typed in a room and not sent. */
export interface Draft {
  readonly text: string;
  readonly replyTo: ReplyTarget | null;
}

export const NO_DRAFT: Draft = { text: '', replyTo: null };

/** Text typed in a thread and not sent. */
export interface ReplyDraft extends Draft {
  /** Null in what an older version stored. */
  readonly roomId: RoomId | null;
}

/** An edit of an earlier message that was started and not submitted. */
export interface Edit {
  /** The message when the edit was started. */
  readonly base: Pick<Message, 'id' | 'room_id' | 'content'> & Partial<Pick<Message, 'seq' | 'rev_seq'>>;
  readonly text: string;
}

/** The part of `Storage` used here; tests supply their own. */
export type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** Between the drafts of this device and the server's; its code is loaded after the app. */
export interface DraftLink {
  /** The draft of another device, where the user has to choose, by room or by the first message of a thread. */
  readonly choices: Store<Readonly<Record<RoomId | MessageId, ServerDraft>>>;
  choose(roomId: RoomId, thread: MessageId | null, which: 'mine' | 'other'): void;
  /** What `sendChatMessage` takes as `inThread` for a message written in this draft. */
  sending(roomId: RoomId, thread?: MessageId): InThread;
  sent(roomId: RoomId, sent: Promise<unknown>, thread?: MessageId): void;
  /** Ends it, and deletes from the device what is known of the server's drafts, which stay there. */
  forget(): void;
}

export interface Drafts {
  /** Null until its code is loaded; drafts are kept on the device all the same. */
  readonly link: Store<DraftLink | null>;
  /** Drafts by room, without empty ones. */
  readonly store: Store<Readonly<Record<RoomId, Draft>>>;
  get(roomId: RoomId): Draft;
  set(roomId: RoomId, draft: Draft): void;
  /** Drafts of replies, by the first message of their thread. */
  readonly replies: Store<Readonly<Record<MessageId, ReplyDraft>>>;
  setReply(roomId: RoomId, root: MessageId, draft: Draft): void;
  /** The edit in progress by room. Like drafts, it survives leaving the room and a reload. */
  readonly edits: Store<Readonly<Record<RoomId, Edit>>>;
  setEdit(roomId: RoomId, edit: Edit | null): void;
  /** Reads what another tab wrote under the storage key `key`. */
  sync(key: string | null): void;
  /** Deletes all drafts and edits of this user from the device. */
  clear(): void;
}

/**
 * Drafts of one user, kept across reloads. One storage entry per room or thread, so that tabs do not overwrite each
 * other's.
 */
export function createDrafts(userId: UserId, storage: DraftStorage | null): Drafts {
  const link = createStore<DraftLink | null>(null);
  const drafts = createKeyedStore(`backchannel.draft.${userId}.`, Number, storage, parseDraft);
  const replies = createKeyedStore(`backchannel.reply.${userId}.`, String, storage, parseReply);
  const edits = createKeyedStore(`backchannel.edit.${userId}.`, Number, storage, parseEdit);
  const put = <Key extends string | number, D extends Draft>(to: KeyedStore<Key, D>, key: Key, draft: D) => {
    const empty = draft.text === '' && draft.replyTo === null;
    const shouldStore = draft.text.trim() !== '' || draft.replyTo !== null;
    to.put(key, empty ? null : draft, shouldStore);
  };
  return {
    link,
    store: drafts.store,
    get: (roomId) => drafts.store.get()[roomId] ?? NO_DRAFT,
    set: (roomId, draft) => put(drafts, roomId, draft),
    replies: replies.store,
    setReply: (roomId, root, { text, replyTo }) => put(replies, root, { text, replyTo, roomId }),
    edits: edits.store,
    setEdit: (roomId, edit) => edits.put(roomId, edit),
    sync(key) {
      drafts.sync(key);
      replies.sync(key);
      edits.sync(key);
    },
    clear() {
      // First: otherwise they would be cleared on all devices.
      link.get()?.forget();
      link.set(null);
      drafts.clear();
      replies.clear();
      edits.clear();
    },
  };
}

type Parse<T> = (text: string | null) => T | null;
type KeyedStore<Key extends string | number, T> = ReturnType<typeof createKeyedStore<Key, T>>;

/** One value per key, in a store and in storage. `keyOf` reads a key from the name of its storage entry. */
function createKeyedStore<Key extends string | number, T>(
  prefix: string,
  keyOf: (text: string) => Key,
  storage: DraftStorage | null,
  parse: Parse<T>,
) {
  const store = createStore(readAll(storage, prefix, keyOf, parse));
  const set = (key: Key, value: T | null) =>
    store.set((all) => {
      const others = { ...all };
      delete others[key];
      return value ? { ...others, [key]: value } : others;
    });
  return {
    store,
    put(key: Key, value: T | null, shouldStore = value !== null) {
      set(key, value);
      try {
        if (shouldStore) storage?.setItem(prefix + key, JSON.stringify(value));
        else storage?.removeItem(prefix + key);
      } catch {
        // If storage is full or refused, the text stays on screen and is lost on a reload.
      }
    },
    sync(key: string | null) {
      if (key?.startsWith(prefix)) set(keyOf(key.slice(prefix.length)), parse(storage?.getItem(key) ?? null));
    },
    clear() {
      for (const key of Object.keys(store.get())) storage?.removeItem(prefix + key);
      store.set({} as Record<Key, T>);
    },
  };
}

/** `message` as a reply shows it, on one line. */
export function replyTarget(message: Message): ReplyTarget {
  return {
    id: message.id,
    seq: message.seq,
    name: nameOf(message.sender),
    excerpt: plainText(textOrNames(message)),
  };
}

function readAll<Key extends string | number, T>(
  storage: DraftStorage | null,
  prefix: string,
  keyOf: (text: string) => Key,
  parse: Parse<T>,
): Record<Key, T> {
  const found = {} as Record<Key, T>;
  try {
    for (let index = 0; storage && index < storage.length; index += 1) {
      const key = storage.key(index);
      const value = key?.startsWith(prefix) ? parse(storage.getItem(key)) : null;
      if (key && value) found[keyOf(key.slice(prefix.length))] = value;
    }
  } catch {
    // A storage that throws counts as missing.
  }
  return found;
}

function parseDraft(text: string | null): Draft | null {
  const value = parse<Draft>(text);
  return typeof value?.text === 'string' ? { text: value.text, replyTo: value.replyTo ?? null } : null;
}

function parseReply(text: string | null): ReplyDraft | null {
  const draft = parseDraft(text);
  const roomId = parse<ReplyDraft>(text)?.roomId;
  return draft && { ...draft, roomId: typeof roomId === 'number' ? roomId : null };
}

function parseEdit(text: string | null): Edit | null {
  const value = parse<Edit>(text);
  return typeof value?.text === 'string' && typeof value.base?.id === 'string' ? (value as Edit) : null;
}

function parse<T>(text: string | null): Partial<T> | null {
  try {
    return JSON.parse(text ?? 'null') as Partial<T> | null;
  } catch {
    return null;
  }
}

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

/** A change of an earlier message that was begun and not given. */
export interface Edit {
  /** The message as it was when this began. */
  readonly base: Pick<Message, 'id' | 'room_id' | 'content'> & Partial<Pick<Message, 'seq' | 'rev_seq'>>;
  readonly text: string;
}

/** The part of `Storage` that is used; tests and private modes bring their own. */
type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

export interface Drafts {
  /** Empty drafts are left out. */
  readonly store: Store<Readonly<Record<RoomId, Draft>>>;
  get(roomId: RoomId): Draft;
  set(roomId: RoomId, draft: Draft): void;
  /** The edit in progress of each room; like drafts it stays when the room is left, and over a reload. */
  readonly edits: Store<Readonly<Record<RoomId, Edit>>>;
  setEdit(roomId: RoomId, edit: Edit | null): void;
  /** Takes over what another tab wrote. */
  sync(key: string | null): void;
  /** Forgets everything this person typed, on this device: for signing out. */
  clear(): void;
}

/** Drafts of one person, kept across reloads, one entry a room so that two tabs do not overwrite each other's rooms. */
export function createDrafts(userId: UserId, shelf: Shelf | null): Drafts {
  const drafts = keep(`backchannel.draft.${userId}.`, shelf, parseDraft);
  const edits = keep(`backchannel.edit.${userId}.`, shelf, parseEdit);
  return {
    store: drafts.store,
    get: (roomId) => drafts.store.get()[roomId] ?? NO_DRAFT,
    set(roomId, draft) {
      const empty = draft.text === '' && draft.replyTo === null;
      const worthKeeping = draft.text.trim() !== '' || draft.replyTo !== null;
      drafts.put(roomId, empty ? null : draft, worthKeeping);
    },
    edits: edits.store,
    setEdit: (roomId, edit) => edits.put(roomId, edit),
    sync(key) {
      drafts.sync(key);
      edits.sync(key);
    },
    clear() {
      drafts.clear();
      edits.clear();
    },
  };
}

/** One thing for each room, on the shelf and in a store. */
function keep<T>(prefix: string, shelf: Shelf | null, parse: (text: string | null) => T | null) {
  const store = createStore(readAll(shelf, prefix, parse));
  const set = (roomId: RoomId, value: T | null) =>
    store.set((all) => {
      const { [roomId]: _, ...others } = all;
      return value ? { ...others, [roomId]: value } : others;
    });
  return {
    store,
    put(roomId: RoomId, value: T | null, worthKeeping = value !== null) {
      set(roomId, value);
      try {
        if (worthKeeping) shelf?.setItem(prefix + roomId, JSON.stringify(value));
        else shelf?.removeItem(prefix + roomId);
      } catch {
        // A full or refused storage costs the reload's memory, not the text on screen.
      }
    },
    sync(key: string | null) {
      if (key?.startsWith(prefix)) set(Number(key.slice(prefix.length)), parse(shelf?.getItem(key) ?? null));
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

function readAll<T>(shelf: Shelf | null, prefix: string, parse: (text: string | null) => T | null): Record<RoomId, T> {
  const found: Record<RoomId, T> = {};
  try {
    for (let index = 0; shelf && index < shelf.length; index += 1) {
      const key = shelf.key(index);
      const value = key?.startsWith(prefix) ? parse(shelf.getItem(key)) : null;
      if (key && value) found[Number(key.slice(prefix.length))] = value;
    }
  } catch {
    // Storage that throws is storage that is not there.
  }
  return found;
}

function parseDraft(text: string | null): Draft | null {
  const made = parse<Draft>(text);
  return typeof made?.text === 'string' ? { text: made.text, replyTo: made.replyTo ?? null } : null;
}

function parseEdit(text: string | null): Edit | null {
  const made = parse<Edit>(text);
  return typeof made?.text === 'string' && typeof made.base?.id === 'string' ? (made as Edit) : null;
}

function parse<T>(text: string | null): Partial<T> | null {
  try {
    return JSON.parse(text ?? 'null') as Partial<T> | null;
  } catch {
    return null;
  }
}

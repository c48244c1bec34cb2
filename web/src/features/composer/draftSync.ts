import type { Chat, Draft as ServerDraft, RoomId, UserId } from '@backchannel/client';
import {
  type DraftPlace,
  type DraftStore,
  type KnownDraft,
  NO_TEXT,
  withDrafts,
} from '@backchannel/client/features/drafts';
import type { DraftLink, Drafts, DraftStorage } from '../../app/drafts.ts';
import { coreOf } from '../../app/lateFeatures.ts';
import { nameOf } from '../../ui/names.ts';
import { plainText } from '../../ui/plainText.ts';
import { createStore } from '../../ui/store.ts';

/** What belongs to no draft of a room here, such as a draft in a thread, is another feature's. */
const isShown = ({ thread }: DraftPlace): boolean => thread === null;

/**
 * Keeps the drafts of this device and those of the server in step. What is known of the server's versions is stored beside the drafts,
 * one entry per room, for all tabs.
 */
export function startDraftSync(chat: Chat, drafts: Drafts, userId: UserId, storage: DraftStorage | null): DraftLink {
  const prefix = `backchannel.draft-known.${userId}.`;
  /** Where the storage is refused or missing. */
  const memory = new Map<string, string>();
  const choices = createStore<Readonly<Record<RoomId, ServerDraft>>>({});
  let shown = drafts.store.get();
  let isShowing = false;

  function known({ roomId, thread }: DraftPlace): KnownDraft | null {
    if (thread) return null;
    const text = storage?.getItem(prefix + roomId) ?? memory.get(prefix + roomId) ?? null;
    return text === null ? null : parse(text);
  }

  function note(roomId: RoomId, other: ServerDraft | null): void {
    choices.set((all) => {
      if ((all[roomId] ?? null) === other) return all;
      const { [roomId]: _, ...others } = all;
      return other ? { ...others, [roomId]: other } : others;
    });
  }

  const store: DraftStore = {
    places() {
      const rooms = new Set(Object.keys(drafts.store.get()).map(Number));
      for (let index = 0; storage && index < storage.length; index += 1) {
        const key = storage.key(index);
        if (key?.startsWith(prefix)) rooms.add(Number(key.slice(prefix.length)));
      }
      return [...rooms].map((roomId) => ({ roomId, thread: null }));
    },
    text(place) {
      if (!isShown(place)) return NO_TEXT;
      const { text, replyTo } = drafts.get(place.roomId);
      if (text === '' && !replyTo) return NO_TEXT;
      // Files of another device are kept with the text, as long as there is one.
      return { content: text, replyTo: replyTo?.id ?? null, attachments: known(place)?.text.attachments ?? [] };
    },
    show(place, { content, reply_to }) {
      if (!isShown(place)) return;
      const replyTo = reply_to && {
        id: reply_to.id,
        seq: reply_to.seq,
        name: nameOf(reply_to.sender),
        excerpt: plainText(reply_to.excerpt),
      };
      isShowing = true;
      drafts.set(place.roomId, { text: content, replyTo });
      isShowing = false;
    },
    known,
    keep(place, value) {
      if (!isShown(place)) return;
      const key = prefix + place.roomId;
      memory.set(key, JSON.stringify(value));
      try {
        storage?.setItem(key, JSON.stringify(value));
      } catch {
        // Full: the memory has it until a reload, after which the server's version is compared with the text alone.
        storage?.removeItem(key);
      }
      note(place.roomId, value.other);
    },
  };

  const sync = withDrafts(store)(coreOf(chat));
  const stop = drafts.store.subscribe(() => {
    const before = shown;
    shown = drafts.store.get();
    if (isShowing) return;
    for (const roomId of new Set([...Object.keys(before), ...Object.keys(shown)].map(Number))) {
      if (before[roomId] !== shown[roomId]) sync.typed({ roomId, thread: null });
    }
  });
  for (const place of store.places()) note(place.roomId, known(place)?.other ?? null);

  return {
    choices,
    choose: (roomId, which) => sync.choose({ roomId, thread: null }, which),
    sending: (roomId) => sync.sending({ roomId, thread: null }),
    sent: (roomId, sent) => sync.sent({ roomId, thread: null }, sent),
    forget() {
      stop();
      sync.closeDrafts();
      for (const { roomId } of store.places()) storage?.removeItem(prefix + roomId);
    },
  };
}

function parse(text: string): KnownDraft | null {
  try {
    const value = JSON.parse(text) as Partial<KnownDraft> | null;
    const isWhole =
      typeof value?.rev === 'number' && typeof value.text?.content === 'string' && Array.isArray(value.tried);
    return isWhole ? (value as KnownDraft) : null;
  } catch {
    return null;
  }
}

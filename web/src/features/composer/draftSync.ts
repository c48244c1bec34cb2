import type { Chat, Draft as ServerDraft, MessageId, RoomId, UserId } from '@backchannel/client';
import {
  type DraftPlace,
  type DraftStore,
  type KnownDraft,
  NO_TEXT,
  withDrafts,
} from '@backchannel/client/features/drafts';
import { type Draft, type DraftLink, type Drafts, type DraftStorage, NO_DRAFT } from '../../app/drafts.ts';
import { coreOf } from '../../app/lateFeatures.ts';
import { nameOf } from '../../ui/names.ts';
import { plainText } from '../../ui/plainText.ts';
import { createStore } from '../../ui/store.ts';

/**
 * Keeps the drafts of this device and those of the server in step. What is known of the server's versions is stored beside the drafts,
 * one entry per room or thread, for all tabs.
 */
export function startDraftSync(chat: Chat, drafts: Drafts, userId: UserId, storage: DraftStorage | null): DraftLink {
  const prefix = `backchannel.draft-known.${userId}.`;
  /** Where the storage is refused or missing. */
  const memory = new Map<string, string>();
  const choices = createStore<Readonly<Record<RoomId | MessageId, ServerDraft>>>({});
  let shown = placesOf(drafts);
  let isShowing = false;

  const keyOf = ({ roomId, thread }: DraftPlace): string => prefix + roomId + (thread ? `.${thread}` : '');
  const draftAt = ({ roomId, thread }: DraftPlace): Draft =>
    thread ? (drafts.replies.get()[thread] ?? NO_DRAFT) : drafts.get(roomId);

  function known(place: DraftPlace): KnownDraft | null {
    const key = keyOf(place);
    const text = storage?.getItem(key) ?? memory.get(key) ?? null;
    return text === null ? null : parse(text);
  }

  function note({ roomId, thread }: DraftPlace, other: ServerDraft | null): void {
    const key = thread ?? roomId;
    choices.set((all) => {
      if ((all[key] ?? null) === other) return all;
      const { [key]: _, ...others } = all;
      return other ? { ...others, [key]: other } : others;
    });
  }

  const store: DraftStore = {
    places() {
      const places = new Map([...placesOf(drafts).values()].map(({ place }) => [keyOf(place), place]));
      for (let index = 0; storage && index < storage.length; index += 1) {
        const key = storage.key(index);
        const [roomId, thread = null] = key?.startsWith(prefix) ? key.slice(prefix.length).split('.') : [];
        if (key && roomId) places.set(key, { roomId: Number(roomId), thread });
      }
      return [...places.values()];
    },
    text(place) {
      const { text, replyTo } = draftAt(place);
      if (text === '' && !replyTo) return NO_TEXT;
      // Files of another device are kept with the text, as long as there is one.
      return { content: text, replyTo: replyTo?.id ?? null, attachments: known(place)?.text.attachments ?? [] };
    },
    show(place, { content, reply_to }) {
      const replyTo = reply_to && {
        id: reply_to.id,
        seq: reply_to.seq,
        name: nameOf(reply_to.sender),
        excerpt: plainText(reply_to.excerpt),
      };
      isShowing = true;
      const draft = { text: content, replyTo };
      if (place.thread) drafts.setReply(place.roomId, place.thread, draft);
      else drafts.set(place.roomId, draft);
      shown = placesOf(drafts);
      isShowing = false;
    },
    known,
    keep(place, value) {
      const key = keyOf(place);
      memory.set(key, JSON.stringify(value));
      try {
        storage?.setItem(key, JSON.stringify(value));
      } catch {
        // Full: the memory has it until a reload, after which the server's version is compared with the text alone.
        storage?.removeItem(key);
      }
      note(place, value.other);
    },
  };

  const sync = withDrafts(store)(coreOf(chat));
  const onChange = () => {
    if (isShowing) return;
    const before = shown;
    shown = placesOf(drafts);
    for (const [key, { place }] of new Map([...before, ...shown]))
      if (before.get(key)?.draft !== shown.get(key)?.draft) sync.typed(place);
  };
  const stops = [drafts.store.subscribe(onChange), drafts.replies.subscribe(onChange)];
  for (const place of store.places()) note(place, known(place)?.other ?? null);

  return {
    choices,
    choose: (roomId, thread, which) => sync.choose({ roomId, thread }, which),
    sending: (roomId, thread) => sync.sending({ roomId, thread: thread ?? null }),
    sent: (roomId, sent, thread) => sync.sent({ roomId, thread: thread ?? null }, sent),
    forget() {
      for (const stop of stops) stop();
      sync.closeDrafts();
      for (const place of store.places()) storage?.removeItem(keyOf(place));
    },
  };
}

interface Typed {
  readonly place: DraftPlace;
  readonly draft: Draft;
}

/** The drafts of this device, of rooms and threads, each under a name of its own. */
function placesOf(drafts: Drafts): ReadonlyMap<string, Typed> {
  const rooms = Object.entries(drafts.store.get()).map(([id, draft]): [string, Typed] => [
    id,
    { place: { roomId: Number(id), thread: null }, draft },
  ]);
  const threads = Object.entries(drafts.replies.get()).flatMap(([thread, draft]): [string, Typed][] =>
    draft.roomId === null ? [] : [[thread, { place: { roomId: draft.roomId, thread }, draft }]],
  );
  return new Map([...rooms, ...threads]);
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

/**
 * Drafts on all devices of a person: saved shortly after the last key, shown where they were not typed, gone everywhere once sent.
 *
 * Theory. The app keeps the texts on the device, with or without a connection; this keeps beside each what the server is known to have
 * (draftMerge.ts) and brings both together. One save of a place is under way at a time. A message that is sent from a draft carries its
 * rev, and the server clears the draft with it; until that is answered, the empty composer is not saved, since the text has to stay on the
 * server as long as no message has it. Frames may be lost: after each room list and recovery all drafts are read again.
 *
 * Not in the core: composed in, also late, by apps that keep drafts.
 */
import type { Core } from '../core.ts';
import type { ChatError } from '../errors.ts';
import type { Draft, MessageId, RoomId, ServerFrame } from '../protocol.ts';
import type { InThread } from '../types.ts';
import { uuidv7 } from '../uuid.ts';
import { type DraftText, isEmpty, isSame, type KnownDraft, merge, UNKNOWN } from './draftMerge.ts';

export { type DraftText, type KnownDraft, NO_TEXT } from './draftMerge.ts';

export interface DraftPlace {
  readonly roomId: RoomId;
  readonly thread: MessageId | null;
}

/** The app's own store of texts, on the device. Shared by its tabs, so it is asked each time. */
export interface DraftStore {
  /** All places with a text or with something known. */
  places(): readonly DraftPlace[];
  /** What stands in the composer. */
  text(place: DraftPlace): DraftText;
  /** Shows the version of another device. */
  show(place: DraftPlace, draft: Draft): void;
  known(place: DraftPlace): KnownDraft | null;
  keep(place: DraftPlace, known: KnownDraft): void;
}

export interface DraftsChat {
  /** Something was typed, or taken away: it is saved shortly. */
  typed(place: DraftPlace): void;
  /** What `sendChatMessage` takes as `inThread` for a message that is sent from this draft, now. */
  sending(place: DraftPlace): InThread;
  /** The message is in the outbox, and the composer is empty. `sent` is the answer of `sendChatMessage`. */
  sent(place: DraftPlace, sent: Promise<unknown>): void;
  /** Ends a choice: keeps what stands in the composer, or shows the other version. */
  choose(place: DraftPlace, which: 'mine' | 'other'): void;
  /** Ends the timers. */
  closeDrafts(): void;
}

/** After the last key. */
const SAVE_MS = 2_000;
/** Saves from one version that are remembered: the answers of those before are long lost. */
const TRIES = 8;
/** Room lists come in bursts after a recovery. */
const LOAD_MS = 200;

export function withDrafts(store: DraftStore): (core: Core) => DraftsChat {
  return (core) => {
    const { env, onFrame, onRecovered, replica, routes, run } = core;
    const { clock } = env;
    const timers = new Map<string, () => void>();
    const saving = new Set<string>();
    /** Messages under way, by the place they were written in. */
    const underWay = new Map<string, number>();
    let isClosed = false;

    routes.save_draft = 'PUT /api/rooms/{room_id}/draft';
    routes.get_drafts = 'GET /api/drafts';

    const keyOf = ({ roomId, thread }: DraftPlace): string => `${roomId}.${thread ?? ''}`;
    const knownOf = (place: DraftPlace): KnownDraft => store.known(place) ?? UNKNOWN;

    /** Calls after `delay_ms` without another such call for the same key. */
    function later(key: string, delay_ms: number, call: () => void): void {
      timers.get(key)?.();
      const id = clock.setTimeout(() => {
        timers.delete(key);
        call();
      }, delay_ms);
      timers.set(key, () => clock.clearTimeout(id));
    }

    function saveSoon(place: DraftPlace): void {
      if (!isClosed) later(keyOf(place), SAVE_MS, () => void save(place));
    }

    function receive(draft: Draft): void {
      const place = { roomId: draft.room_id, thread: draft.thread };
      const { known, shows } = merge(knownOf(place), store.text(place), draft);
      store.keep(place, known);
      if (shows) store.show(place, draft);
      else if (!isSame(store.text(place), known.text)) saveSoon(place);
    }

    async function save(place: DraftPlace): Promise<void> {
      const key = keyOf(place);
      const text = store.text(place);
      const known = knownOf(place);
      // Nothing is left to choose between: what was typed here was sent, or taken away.
      if (known.other && isEmpty(text) && !isClosed) return choose(place, 'other');
      const waits = known.other || (isEmpty(text) && underWay.has(key));
      if (isClosed || waits || isSame(text, known.text) || !replica.rooms.get(place.roomId)) return;
      if (saving.has(key)) return saveSoon(place);
      saving.add(key);
      const earlier = known.tried.find((save) => isSame(save.text, text));
      const saveId = earlier?.saveId ?? uuidv7(clock.now());
      if (!earlier) store.keep(place, { ...known, tried: [...known.tried.slice(1 - TRIES), { saveId, text }] });
      try {
        const { result } = await run('save_draft', {
          room_id: place.roomId,
          content: text.content,
          base_rev: known.rev,
          save_id: saveId,
          ...(place.thread && { thread: place.thread }),
          ...(text.replyTo && { reply_to: text.replyTo }),
          ...(text.attachments.length > 0 && { attachments: text.attachments }),
        });
        receive(result.draft);
      } catch (error) {
        if ((error as ChatError).code === 'draft_conflict') await resolveConflict(place, known.rev);
        // Else what is typed next, or the next recovery, saves it; it is kept on the device.
      } finally {
        saving.delete(key);
      }
    }

    function choose(place: DraftPlace, which: 'mine' | 'other'): void {
      const { other, ...known } = knownOf(place);
      if (!other) return;
      store.keep(place, { ...known, other: null });
      if (which === 'other') store.show(place, other);
      else saveSoon(place);
    }

    /** The server has another version than `rev`, or none any more. */
    async function resolveConflict(place: DraftPlace, rev: number): Promise<void> {
      await load();
      const known = knownOf(place);
      if (known.rev !== rev) return;
      store.keep(place, UNKNOWN);
      saveSoon(place);
    }

    async function load(): Promise<void> {
      try {
        const { result } = await run('get_drafts', {});
        if (!isClosed) result.drafts.forEach(receive);
      } catch {
        // The next recovery reads them.
      }
    }

    function refresh(): void {
      if (isClosed) return;
      later('load', LOAD_MS, () => {
        void load().then(() => store.places().forEach(saveSoon));
      });
    }

    function onServerFrame(frame: ServerFrame): void {
      if (frame.type === 'draft' && !isClosed) receive(frame.draft);
      if (frame.type === 'room_list') refresh();
    }

    onFrame.push(onServerFrame);
    onRecovered.push(refresh);
    // Composed in late, the room list is there already.
    if (replica.rooms.loaded) refresh();

    return {
      typed: saveSoon,
      sending(place) {
        const { rev, tried, other } = knownOf(place);
        // While there is a choice, the version is that of the other text, which was not sent.
        const isKnown = !other && (rev > 0 || tried.length > 0);
        return { ...(place.thread && { thread: place.thread }), ...(isKnown && { draft_rev: rev }) };
      },
      sent(place, sent) {
        const key = keyOf(place);
        underWay.set(key, (underWay.get(key) ?? 0) + 1);
        const end = (): void => {
          const left = (underWay.get(key) ?? 1) - 1;
          if (left > 0) underWay.set(key, left);
          else underWay.delete(key);
          saveSoon(place);
        };
        sent.then(end, end);
      },
      choose,
      closeDrafts() {
        isClosed = true;
        timers.forEach((cancel) => cancel());
        timers.clear();
      },
    };
  };
}

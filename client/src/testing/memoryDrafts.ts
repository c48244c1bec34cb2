/**
 * Drafts of the server in memory: one version in each place, an empty one where it was cleared or sent.
 */
import type { CommandFields, Draft, Quote, RoomId, UserId } from '../protocol.gen.ts';
import { Refusal } from './answers.ts';

type Save = CommandFields<'save_draft'>;

export class MemoryDrafts {
  readonly #held = new Map<string, Draft>();
  readonly #changed: (userId: UserId, draft: Draft) => void;
  #rev = 0;

  constructor(changed: (userId: UserId, draft: Draft) => void) {
    this.#changed = changed;
  }

  of(userId: UserId): Draft[] {
    const mine = [...this.#held].filter(([key]) => key.startsWith(`${userId}.`)).map(([, draft]) => draft);
    return mine.sort((one, two) => one.rev - two.rev);
  }

  save(userId: UserId, fields: Save, quote: Quote | null): { draft: Draft } {
    const { room_id, thread = null, content, base_rev, save_id = null } = fields;
    const stored = this.#stored(userId, room_id, thread);
    const text = content.trim() === '' ? '' : content;
    const isSame = stored.content === text && stored.reply_to?.id === quote?.id;
    if (isSame || (save_id !== null && save_id === stored.save_id)) return { draft: stored };
    if (base_rev !== stored.rev) throw new Refusal('draft_conflict');
    const isEmpty = text === '' && !quote;
    return {
      draft: this.#put(userId, {
        ...stored,
        content: text,
        reply_to: quote,
        save_id: isEmpty ? stored.save_id : save_id,
      }),
    };
  }

  /** A message was sent from the draft as of `rev`. */
  sent(userId: UserId, roomId: RoomId, thread: string | null, rev: number, content: string): void {
    const stored = this.#stored(userId, roomId, thread);
    if (stored.rev > rev && stored.content.trim() !== content.trim()) return;
    this.#put(userId, { ...stored, content: '', reply_to: null });
  }

  #stored(userId: UserId, room_id: RoomId, thread: string | null): Draft {
    const none = { room_id, thread, content: '', reply_to: null, attachments: [], rev: 0, save_id: null, saved_at: '' };
    return this.#held.get(`${userId}.${room_id}.${thread}`) ?? none;
  }

  #put(userId: UserId, draft: Draft): Draft {
    const version = { ...draft, rev: ++this.#rev };
    this.#held.set(`${userId}.${draft.room_id}.${draft.thread}`, version);
    this.#changed(userId, version);
    return version;
  }
}

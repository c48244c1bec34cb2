/**
 * Read marks on their way: shown at once, told to the server shortly after, the newest only.
 */
import type { Answer } from './commander.ts';
import { ChatError } from './errors.ts';
import type { RoomId, Seq } from './protocol.ts';
import type { Replica } from './replica.ts';
import { unreadAfter } from './timeline.ts';
import type { Clock } from './types.ts';

/** Scrolling through a room marks many seqs; one command carries them all. */
const SETTLE_MS = 300;
const AGAIN_MS = 5_000;

export class ReadMarks {
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #tell: (roomId: RoomId, seq: Seq) => Promise<Answer<'mark_read'>>;
  /** The counts are uncertain: ask for the list. */
  readonly #refresh: () => void;
  readonly #due = new Map<RoomId, Seq>();
  readonly #busy = new Set<RoomId>();

  constructor(
    replica: Replica,
    clock: Clock,
    tell: (roomId: RoomId, seq: Seq) => Promise<Answer<'mark_read'>>,
    refresh: () => void,
  ) {
    this.#replica = replica;
    this.#clock = clock;
    this.#tell = tell;
    this.#refresh = refresh;
  }

  mark(roomId: RoomId, seq: Seq): void {
    const { rooms, user } = this.#replica;
    const row = rooms.get(roomId);
    const to = Math.min(seq, row?.seq ?? 0);
    if (!row || to <= row.read_seq) return;
    const held = this.#replica.timeline(roomId);
    const { unread_count, mention_count } = (held && unreadAfter(held, to, user?.id)) ?? row;
    rooms.setRead(roomId, { read_seq: to, unread_count, mention_count });
    this.#due.set(roomId, to);
    this.#later(roomId, SETTLE_MS);
  }

  #later(roomId: RoomId, delay_ms: number): void {
    if (this.#busy.has(roomId)) return;
    this.#busy.add(roomId);
    this.#clock.setTimeout(() => void this.#send(roomId), delay_ms);
  }

  async #send(roomId: RoomId): Promise<void> {
    const { rooms } = this.#replica;
    const seq = this.#due.get(roomId) as Seq;
    const head = rooms.get(roomId)?.seq;
    this.#due.delete(roomId);
    let again_ms = SETTLE_MS;
    try {
      const { result } = await this.#tell(roomId, seq);
      rooms.setRead(roomId, result);
      // Something happened meanwhile: counted before or after? Only the list knows.
      const now = rooms.get(roomId);
      if (now && now.seq !== head && result.read_seq < now.seq) this.#refresh();
    } catch (error) {
      if (!(error instanceof ChatError && error.final)) {
        this.#due.set(roomId, Math.max(seq, this.#due.get(roomId) ?? 0));
        again_ms = AGAIN_MS;
      }
    }
    this.#busy.delete(roomId);
    if (this.#due.has(roomId)) this.#later(roomId, again_ms);
  }
}

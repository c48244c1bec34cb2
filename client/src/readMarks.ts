/**
 * Read marks on their way: shown at once, told to the server shortly after, the newest only.
 */
import type { Answer } from './commander.ts';
import { ChatError } from './errors.ts';
import type { RoomId, Seq } from './protocol.ts';
import type { Replica } from './replica.ts';
import type { Clock } from './types.ts';

/** Scrolling through a room marks many seqs; one command carries them all. */
const SETTLE_MS = 300;
const AGAIN_MS = 5_000;

export class ReadMarks {
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #tell: (roomId: RoomId, seq: Seq) => Promise<Answer<'mark_read'>>;
  /** Take the replica's needs, and tell who listens. */
  readonly #flush: () => void;
  readonly #due = new Map<RoomId, Seq>();
  readonly #busy = new Set<RoomId>();

  constructor(
    replica: Replica,
    clock: Clock,
    tell: (roomId: RoomId, seq: Seq) => Promise<Answer<'mark_read'>>,
    flush: () => void,
  ) {
    this.#replica = replica;
    this.#clock = clock;
    this.#tell = tell;
    this.#flush = flush;
  }

  mark(roomId: RoomId, seq: Seq): void {
    const { rooms } = this.#replica;
    const row = rooms.get(roomId);
    const to = Math.min(seq, row?.seq ?? 0);
    if (!row || to <= row.read_seq) return;
    rooms.setRead(row, to, this.#replica.countAfter(row, to) ?? row);
    this.#due.set(roomId, to);
    this.#later(roomId, SETTLE_MS);
  }

  #later(roomId: RoomId, delay_ms: number): void {
    if (this.#busy.has(roomId)) return;
    this.#busy.add(roomId);
    this.#clock.setTimeout(() => void this.#send(roomId), delay_ms);
  }

  async #send(roomId: RoomId): Promise<void> {
    const seq = this.#due.get(roomId) as Seq;
    this.#due.delete(roomId);
    let again_ms = SETTLE_MS;
    try {
      this.#replica.setRead(roomId, (await this.#tell(roomId, seq)).result);
    } catch (error) {
      if (!(error instanceof ChatError && error.final)) {
        this.#due.set(roomId, Math.max(seq, this.#due.get(roomId) ?? 0));
        again_ms = AGAIN_MS;
      }
    }
    this.#busy.delete(roomId);
    this.#flush();
    if (this.#due.has(roomId)) this.#later(roomId, again_ms);
  }
}

/**
 * Loading: pages of a room's messages, and the events of a gap.
 *
 * Shell around timeline.ts and cursors.ts: it asks, and lets the pure parts apply the answer.
 */
import type { Answer } from './commander.ts';
import type { ChatError } from './errors.ts';
import type { CommandFields, CommandName, Message, RoomId, Seq } from './protocol.ts';
import type { Replica } from './replica.ts';
import { applyPage, beginLoad, EMPTY, failLoad, type LoadKind, openAt } from './timeline.ts';
import type { Clock } from './types.ts';

export interface HistoryPorts {
  readonly replica: Replica;
  readonly clock: Clock;
  run<C extends CommandName>(type: C, fields: CommandFields<C>): Promise<Answer<C>>;
  /** Messages of a page: own ones among them are stored. */
  seen(messages: readonly Message[]): void;
  /** Take the replica's needs, and tell who listens. */
  flush(): void;
}

const PAGE = 50;
/** Out-of-order frames of two transports settle within this; only then is a gap asked for. */
const GAP_MS = 200;
/** After an answer that did not come. */
const REPAIR_AGAIN_MS = 2_000;
/** As far as the server replays; beyond that a fresh page is cheaper. */
const MAX_REPLAY = 500;

export class History {
  readonly #ports: HistoryPorts;
  readonly #repairs = new Set<RoomId>();
  #loads = 0;

  constructor(ports: HistoryPorts) {
    this.#ports = ports;
  }

  async openRoom(roomId: RoomId, around?: Seq): Promise<void> {
    const { replica } = this.#ports;
    const row = replica.rooms.get(roomId);
    const unread =
      row && row.unread_count > 0 ? { after: row.read_seq, upTo: row.seq, me: replica.user?.id ?? null } : null;
    const held = replica.timeline(roomId);
    replica.setTimeline(roomId, openAt(held ?? EMPTY, unread));
    if (around === undefined) {
      if (held && !held.hasNewer && !held.error) return this.#ports.flush();
    } else if (held?.messages.some((message) => message.seq === around)) return this.#ports.flush();
    await this.#load(roomId, 'initial', around === undefined ? {} : { around });
  }

  async loadOlder(roomId: RoomId): Promise<void> {
    const held = this.#ports.replica.timeline(roomId);
    const first = held?.messages[0];
    if (held?.hasOlder && first && !held.load) await this.#load(roomId, 'older', { before: first.seq });
  }

  async loadNewer(roomId: RoomId): Promise<void> {
    const held = this.#ports.replica.timeline(roomId);
    const last = held?.messages.at(-1);
    if (held?.hasNewer && last && !held.load) await this.#load(roomId, 'newer', { after: last.seq });
  }

  async jumpToLatest(roomId: RoomId): Promise<void> {
    const held = this.#ports.replica.timeline(roomId);
    if (held?.hasNewer) await this.reload(roomId);
  }

  reload(roomId: RoomId): Promise<void> {
    return this.#load(roomId, 'initial', {});
  }

  /** What could not be loaded while nothing worked. */
  retryFailed(): void {
    const { replica } = this.#ports;
    for (const roomId of replica.heldRooms()) {
      const held = replica.timeline(roomId);
      if (held?.error && held.messages.length === 0 && replica.rooms.get(roomId)) void this.reload(roomId);
    }
  }

  /** Fill a gap, unless frames under way fill it first. */
  repair(roomId: RoomId, delay_ms = GAP_MS): void {
    if (this.#repairs.has(roomId)) return;
    this.#repairs.add(roomId);
    this.#ports.clock.setTimeout(() => void this.#fill(roomId), delay_ms);
  }

  // ── private ───────────────────────────────────────────────────────────────────────────────

  async #load(
    roomId: RoomId,
    kind: LoadKind,
    bounds: { readonly before?: Seq; readonly after?: Seq; readonly around?: Seq },
  ): Promise<void> {
    const { replica, run, seen, flush } = this.#ports;
    const number = ++this.#loads;
    replica.setTimeline(roomId, beginLoad(replica.timeline(roomId) ?? EMPTY, kind, number));
    flush();
    try {
      const { result } = await run('get_history', { room_id: roomId, limit: PAGE, ...bounds });
      const held = replica.timeline(roomId);
      if (!held) return;
      const last = result.messages.at(-1);
      const newest =
        bounds.around === undefined ||
        last?.seq === result.as_of_seq ||
        last?.id === replica.rooms.get(roomId)?.last_message?.id;
      replica.setTimeline(roomId, applyPage(held, number, result, newest));
      seen(result.messages);
    } catch (cause) {
      const { code, detail } = cause as ChatError;
      const held = replica.timeline(roomId);
      if (held) replica.setTimeline(roomId, failLoad(held, number, { code, detail }));
    }
    flush();
  }

  async #fill(roomId: RoomId): Promise<void> {
    const { replica, run, clock, flush } = this.#ports;
    const { cursors } = replica;
    let again_ms: number | null = null;
    const after = cursors.get(roomId);
    try {
      if (after === undefined || cursors.lag(roomId) === 0) return;
      const { result } = await run('get_events', { room_id: roomId, after });
      cursors.hear(roomId, result.seq);
      if (result.seq - after > MAX_REPLAY) replica.reset(roomId, result.seq);
      else for (const event of result.events) replica.receive(event, clock.now());
      if (cursors.lag(roomId) > 0) again_ms = cursors.get(roomId) === after ? REPAIR_AGAIN_MS : 0;
    } catch (cause) {
      if (!(cause as ChatError).final) again_ms = REPAIR_AGAIN_MS;
    } finally {
      this.#repairs.delete(roomId);
      if (again_ms !== null) this.repair(roomId, again_ms);
      flush();
    }
  }
}

/**
 * Loads pages of a room's messages, and the events of a gap.
 *
 * Shell around timeline.ts and cursors.ts, which apply the answers.
 */
import type { Answer } from './commander.ts';
import type { ChatError } from './errors.ts';
import type { CommandFields, CommandName, Message, RoomId, Seq } from './protocol.ts';
import type { Replica } from './replica.ts';
import { applyPage, beginLoad, EMPTY, failLoad, type Load, type LoadKind, type Timeline } from './timeline.ts';
import type { Clock, CoreChat, Method } from './types.ts';

export interface HistoryPorts {
  readonly replica: Replica;
  readonly clock: Clock;
  run<C extends CommandName>(type: C, fields: CommandFields<C>): Promise<Answer<C>>;
  /** The server has this message: an unsent one with its id is sent. */
  stored(message: Message, method: Method): void;
  /** Handles the replica's needs, and notifies listeners. */
  flush(): void;
}

export interface History {
  /** What the chat offers. */
  readonly actions: Pick<CoreChat, 'openRoom' | 'loadOlder' | 'loadNewer' | 'jumpToLatest'>;
  reload(roomId: RoomId): Promise<void>;
  /** Loads again what failed. */
  retryFailed(): void;
  /** Fills a gap, unless frames that arrive meanwhile fill it. */
  repair(roomId: RoomId): void;
}

type Bounds = Pick<CommandFields<'get_history'>, 'before' | 'after' | 'around'>;

const PAGE = 50;
/** Frames of two transports may arrive out of order; a gap is requested only if it lasts this long. */
const GAP_MS = 200;
/** After a request that failed or brought nothing. */
const REPAIR_AGAIN_MS = 2_000;
/** After a page that failed to load: the command itself has retried already. */
const LOAD_AGAIN_MS = 10_000;
/** The server replays this many events; a larger gap is cheaper to replace by a page. */
const MAX_REPLAY = 500;

export function createHistory({ replica, clock, run, stored, flush }: HistoryPorts): History {
  const { cursors, rooms } = replica;
  /** Rooms whose page failed to load, and has to be requested again. */
  const failedLoads = new Map<RoomId, Bounds>();
  const repairs = new Set<RoomId>();

  async function load(roomId: RoomId, kind: LoadKind, bounds: Bounds): Promise<void> {
    const started: Load = { kind };
    if (kind === 'initial') failedLoads.delete(roomId);
    replica.setTimeline(roomId, beginLoad(replica.timeline(roomId) ?? EMPTY, started));
    flush();
    try {
      const { method, result } = await run('get_history', { room_id: roomId, limit: PAGE, ...bounds });
      const last = result.messages.at(-1);
      const newest =
        bounds.around === undefined ||
        last?.seq === result.as_of_seq ||
        last?.id === rooms.get(roomId)?.last_message?.id;
      replica.updateTimeline(roomId, (held) => applyPage(held, started, result, newest));
      for (const message of result.messages) stored(message, method);
    } catch (cause) {
      const { code, detail, final } = cause as ChatError;
      const held = replica.timeline(roomId);
      replica.updateTimeline(roomId, (now) => failLoad(now, started, { code, detail }));
      // A failed jump is not repeated while the room shows other messages.
      if (kind === 'initial' && !final && !(bounds.around && held?.messages[0])) {
        failedLoads.set(roomId, bounds);
        clock.setTimeout(() => loadAgain(roomId), LOAD_AGAIN_MS);
      }
    }
    flush();
  }

  function loadAgain(roomId: RoomId): void {
    const bounds = failedLoads.get(roomId);
    if (bounds && replica.timeline(roomId)?.error) void load(roomId, 'initial', bounds);
  }

  const reload = (roomId: RoomId): Promise<void> => load(roomId, 'initial', {});

  async function loadMore(roomId: RoomId, kind: 'older' | 'newer'): Promise<void> {
    const held = replica.timeline(roomId);
    const edge = held?.messages.at(kind === 'older' ? 0 : -1)?.seq;
    if (!held || edge === undefined || held.load || !(kind === 'older' ? held.hasOlder : held.hasNewer)) return;
    await load(roomId, kind, kind === 'older' ? { before: edge } : { after: edge });
  }

  function repair(roomId: RoomId, delay_ms = GAP_MS): void {
    if (repairs.has(roomId)) return;
    repairs.add(roomId);
    clock.setTimeout(() => void fill(roomId), delay_ms);
  }

  async function fill(roomId: RoomId): Promise<void> {
    let again_ms: number | null = null;
    const after = cursors.get(roomId);
    try {
      if (after === undefined || cursors.lag(roomId) === 0) return;
      const { result } = await run('get_events', { room_id: roomId, after });
      cursors.raiseHead(roomId, result.seq);
      if (result.seq - after > MAX_REPLAY) replica.reset(roomId, result.seq);
      else result.events.forEach(replica.receive);
      if (cursors.lag(roomId) > 0) again_ms = cursors.get(roomId) === after ? REPAIR_AGAIN_MS : 0;
    } catch (cause) {
      if (!(cause as ChatError).final) again_ms = REPAIR_AGAIN_MS;
    } finally {
      repairs.delete(roomId);
      if (again_ms !== null) repair(roomId, again_ms);
      flush();
    }
  }

  const actions: History['actions'] = {
    async openRoom(roomId, { around } = {}) {
      const held = replica.timeline(roomId);
      const isHeld = held && !held.error && (around === undefined ? !held.hasNewer : isWithin(held, around));
      if (!isHeld) await load(roomId, 'initial', around === undefined ? {} : { around });
    },
    loadOlder: (roomId) => loadMore(roomId, 'older'),
    loadNewer: (roomId) => loadMore(roomId, 'newer'),
    async jumpToLatest(roomId) {
      if (replica.timeline(roomId)?.hasNewer) await reload(roomId);
    },
  };

  return {
    actions,
    reload,
    retryFailed: () => [...failedLoads.keys()].forEach(loadAgain),
    repair: (roomId) => repair(roomId),
  };
}

/** A window has no gaps: every message between its ends is held. */
function isWithin({ messages, hasOlder, hasNewer }: Timeline, seq: Seq): boolean {
  const [first] = messages;
  const last = messages.at(-1);
  return first !== undefined && last !== undefined && (first.seq <= seq || !hasOlder) && (last.seq >= seq || !hasNewer);
}

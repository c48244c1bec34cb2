/**
 * Loading: pages of a room's messages, and the events of a gap.
 *
 * Shell around timeline.ts and cursors.ts: it asks, and lets the pure parts apply the answer.
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
  /** Take the replica's needs, and tell who listens. */
  flush(): void;
}

export interface History {
  /** What the chat offers. */
  readonly actions: Pick<CoreChat, 'openRoom' | 'loadOlder' | 'loadNewer' | 'jumpToLatest'>;
  reload(roomId: RoomId): Promise<void>;
  /** What could not be loaded while nothing worked. */
  retryFailed(): void;
  /** Fill a gap, unless frames under way fill it first. */
  repair(roomId: RoomId): void;
}

type Bounds = Pick<CommandFields<'get_history'>, 'before' | 'after' | 'around'>;

const PAGE = 50;
/** Out-of-order frames of two transports settle within this; only then is a gap asked for. */
const GAP_MS = 200;
/** After an answer that did not come. */
const REPAIR_AGAIN_MS = 2_000;
/** After a window that could not be loaded: the command has tried for a while already. */
const LOAD_AGAIN_MS = 10_000;
/** As far as the server replays; beyond that a fresh page is cheaper. */
const MAX_REPLAY = 500;

export function createHistory({ replica, clock, run, stored, flush }: HistoryPorts): History {
  const { cursors, rooms } = replica;
  /** Rooms whose window is owed: the load failed, and nobody else will ask for it again. */
  const owed = new Map<RoomId, Bounds>();
  const repairs = new Set<RoomId>();

  async function load(roomId: RoomId, kind: LoadKind, bounds: Bounds): Promise<void> {
    const started: Load = { kind };
    if (kind === 'initial') owed.delete(roomId);
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
      // A place that somebody wanted to jump to is not owed to them while they see another.
      if (kind === 'initial' && !final && !(bounds.around && held?.messages[0])) {
        owed.set(roomId, bounds);
        clock.setTimeout(() => payBack(roomId), LOAD_AGAIN_MS);
      }
    }
    flush();
  }

  function payBack(roomId: RoomId): void {
    const bounds = owed.get(roomId);
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
      cursors.hear(roomId, result.seq);
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
    retryFailed: () => [...owed.keys()].forEach(payBack),
    repair: (roomId) => repair(roomId),
  };
}

/** A window has no holes: what lies between its ends is held, whether or not a message has that very seq. */
function isWithin({ messages, hasOlder, hasNewer }: Timeline, seq: Seq): boolean {
  const [first] = messages;
  const last = messages.at(-1);
  return first !== undefined && last !== undefined && (first.seq <= seq || !hasOlder) && (last.seq >= seq || !hasNewer);
}

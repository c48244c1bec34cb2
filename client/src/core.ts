/**
 * The core of the client: wires the pure parts to the two transports, and offers the app's API.
 *
 *   frames ─▶ Replica (cursors, rooms, timelines) ─▶ snapshot, timeline views ─▶ listeners
 *   sendChatMessage ─▶ Outbox ─▶ deliver ─▶ WebSocket │ REST ─▶ confirmed by ack, event or page
 *   Driver: which transport, and the status that is shown
 *
 * Features (`features/`) are composed in: each is given the parts and returns methods that are added to
 * the chat or replace its own. The core does not know them.
 */
import { type Answer, command } from './commander.ts';
import { createDriver, type Driver } from './connection/driver.ts';
import { checkAddress, type Environment, resolveEnvironment } from './environment.ts';
import { createHistory, type History } from './history.ts';
import { createNotifier } from './notifier.ts';
import { ChatError } from './errors.ts';
import { createOutbox, type Draft, type Outbox } from './outbox.ts';
import { defaultStorage } from './outboxStorage.ts';
import type { CommandFields, CommandName, Message, RoomId, Routes, ServerFrame } from './protocol.ts';
import { createReplica, type Replica } from './replica.ts';
import { deliver } from './sender.ts';
import { snapshotBuilder, timelineViewer } from './snapshot.ts';
import { show } from './timeline.ts';
import type { CoreChat, CoreOptions, MessageChange, Method, RefreshResult, SendResult } from './types.ts';

/** The room list is fetched at most this often; requests in between are combined. */
const REFRESH_MS = 500;

/** The parts of one client, as features see them. */
export interface Core {
  /** With the methods of earlier features. */
  readonly chat: CoreChat;
  readonly env: Environment;
  readonly replica: Replica;
  readonly outbox: Outbox;
  readonly driver: Driver;
  readonly history: History;
  /** A feature adds the routes of the commands it uses. */
  readonly routes: Routes;
  /** Called with every frame, before it is applied. */
  readonly onFrame: ((frame: ServerFrame) => void)[];
  /** Called when a link is live, or HTTP works again. */
  readonly onRecovered: (() => void)[];
  /** Called when the server has stored a message of this client. */
  readonly onStored: ((message: Message) => void)[];
  /** Tries once to deliver a change of a message. Set by the feature that adds changes to the outbox (`withChanges`). */
  deliverChange: ((change: MessageChange, roomId: RoomId) => Promise<SendResult>) | null;
  run<C extends CommandName>(
    type: C,
    fields: CommandFields<C>,
    tries?: number,
    signal?: AbortSignal,
  ): Promise<Answer<C>>;
  /** Adds to the outbox, with the room's current name. */
  write(draft: Draft): Promise<SendResult>;
  /** Handles the replica's needs, and notifies listeners. */
  flush(method?: Method): void;
  /** Fetches the room list shortly, once for several calls. */
  refreshSoon(): void;
  /** Notifies listeners of the snapshot and (with a room) of that room's view. */
  touch(roomId?: RoomId): void;
}

/** A part to compose in. The methods it returns are added to the chat or replace its own; wrap the old one to extend it. */
export type Feature<Api extends object> = (core: Core) => Api;

/** Methods are replaced; snapshots and views keep their members, and have the feature's as well. */
type Joined<Before extends CoreChat, Api> = Omit<Before, keyof Api> & {
  readonly [K in keyof Api]: K extends 'getSnapshot' | 'getTimeline'
    ? (...args: Parameters<Before[K]>) => ReturnType<Before[K]> & Shown<Api[K]>
    : Api[K];
};
type Shown<Look> = Look extends (...args: never[]) => infer View ? View : never;

type Composed<Features extends readonly Feature<object>[]> = Features extends readonly [
  ...infer Before extends readonly Feature<object>[],
  Feature<infer Api>,
]
  ? Joined<Composed<Before>, Api>
  : CoreChat;

export function createChat<Features extends readonly Feature<object>[]>(
  options: CoreOptions,
  ...features: Features
): Composed<Features> {
  const env = resolveEnvironment(options);
  const { clock, random, log } = env;
  const notifier = createNotifier<RoomId>();
  const onFrame: Core['onFrame'] = [];
  const replica = createReplica(onFrame);
  const onRecovered: Core['onRecovered'] = [];
  const onStored: Core['onStored'] = [];
  let refreshing = false;

  const routes: Routes = {
    get_me: 'GET /api/me',
    get_room_list: 'GET /api/rooms',
    get_history: 'GET /api/rooms/{room_id}/messages',
    get_events: 'GET /api/rooms/{room_id}/events',
    send_message: 'POST /api/rooms/{room_id}/messages',
    ...options.commands,
  };

  const driver: Driver = createDriver(env, routes, replica, {
    frames: (frames) => receive(frames, 'websocket'),
    polled({ frames, epoch }) {
      receive(frames, 'rest');
      replica.setEpoch(epoch);
      flush();
    },
    doubted() {
      outbox.close();
      replica.doubt();
    },
    recovered() {
      outbox.hurry();
      history.retryFailed();
      onRecovered.forEach((run) => run());
    },
    changed: notifier.touch,
  });

  const outbox: Outbox = createOutbox({
    storage: options.storage ?? defaultStorage(env.baseUrl),
    clock,
    random,
    async deliver(item) {
      const { change, roomId } = item;
      if (change) {
        if (!core.deliverChange) throw new ChatError({ code: 'offline' });
        return core.deliverChange(change, roomId);
      }
      const result = await deliver(item, core);
      stored(result.message, result.method);
      flush();
      return result;
    },
    userId: options.userId,
    changed: touch,
  });

  const run: Core['run'] = (...request) => command(core, ...request);

  function write(draft: Draft): Promise<SendResult> {
    const room = replica.rooms.get(draft.roomId);
    const others = room?.members.filter(({ id }) => id !== replica.user?.id) ?? [];
    const name = room?.name ?? others.map((user) => user.display_name || user.username).join(', ');
    return outbox.add({ ...draft, ...(name && { roomName: (room?.kind === 'channel' ? '#' : '') + name }) });
  }

  const history = createHistory({
    replica,
    clock,
    run,
    stored,
    flush,
  });

  function receive(frames: readonly ServerFrame[], method: Method): void {
    for (const frame of frames) {
      replica.receive(frame);
      if (frame.type === 'hello') outbox.setUser(frame.user.id);
    }
    flush(method);
  }

  function flush(method: Method = 'rest'): void {
    const needs = replica.takeNeeds();
    for (const message of needs.stored) stored(message, method);
    needs.repair.forEach(history.repair);
    for (const roomId of needs.reload) {
      log('reload', { room: roomId });
      void history.reload(roomId);
    }
    if (needs.refresh) refreshSoon();
    needs.touched.forEach((roomId) => touch(roomId));
    touch();
  }

  function touch(roomId?: RoomId): void {
    notifier.touch();
    notifier.touch(roomId);
  }

  /** The server has this message: it leaves the outbox and is shown at its seq. */
  function stored(message: Message, method: Method): void {
    if (!outbox.get(message.id)) return;
    replica.updateTimeline(message.room_id, (held) => show(held, message));
    outbox.confirm({ method, message });
    onStored.forEach((handle) => handle(message));
  }

  function refreshSoon(): void {
    if (refreshing) return;
    refreshing = true;
    clock.setTimeout(() => {
      refreshing = false;
      refreshRoomList().catch((error: unknown) => log('refresh_failed', { error }));
    }, REFRESH_MS);
  }

  async function refreshRoomList(): Promise<RefreshResult> {
    const { method, result } = await run('get_room_list', {});
    replica.list(result);
    flush(method);
    return { method, rooms: replica.rooms.list };
  }

  const chat: CoreChat = {
    connect() {
      checkAddress(env.baseUrl, options);
      driver.start();
    },
    async disconnect() {
      driver.stop();
      await outbox.written();
    },
    retryNow() {
      driver.retryNow();
      outbox.hurry();
    },
    subscribe: (listener) => notifier.subscribe(listener),
    getSnapshot: snapshotBuilder(driver, replica, outbox),
    subscribeTimeline: (roomId, listener) => notifier.subscribe(listener, roomId),
    getTimeline: timelineViewer(replica, outbox),
    sendChatMessage: (roomId, content, replyTo = null, extra) => write({ roomId, content, replyTo, ...extra }),
    refreshRoomList,
    closeRoom(roomId) {
      replica.setTimeline(roomId, null);
      flush();
    },
    ...history.actions,
    retry: outbox.retry,
    discard: outbox.discard,
    // Through `chat`: a feature may have replaced `retry` and `discard`.
    retryAll: (roomId) => outbox.failed(roomId).forEach((id) => chat.retry(id)),
    discardAll: (roomId) => outbox.failed(roomId).forEach((id) => chat.discard(id)),
    getUnsent: outbox.all,
    putBack: outbox.putBack,
  };

  const core: Core = {
    chat,
    env,
    replica,
    outbox,
    driver,
    history,
    routes,
    onFrame,
    onRecovered,
    onStored,
    deliverChange: null,
    run,
    write,
    flush,
    refreshSoon,
    touch,
  };
  for (const feature of features) Object.assign(chat, feature(core));
  return chat as Composed<Features>;
}

/**
 * The client: wires the pure parts to the two transports, and is what an app sees.
 *
 *   frames ─▶ Replica (cursors, rooms, timelines) ─▶ Snapshot, TimelineView ─▶ listeners
 *   sendChatMessage ─▶ Outbox ─▶ deliver ─▶ WebSocket │ REST ─▶ ack, event or page settles it
 *   Driver: which transport, and what the person is told about it
 */
import { type Answer, command, type CommanderPorts } from './commander.ts';
import { Driver } from './connection/driver.ts';
import { resolveEnvironment } from './environment.ts';
import { History } from './history.ts';
import { Notifier } from './notifier.ts';
import { Outbox } from './outbox.ts';
import { defaultStorage } from './outboxStorage.ts';
import type { CommandFields, CommandName, CommandResult, Message, Room, RoomId, ServerFrame } from './protocol.ts';
import { ReadMarks } from './readMarks.ts';
import { Replica } from './replica.ts';
import { deliver } from './sender.ts';
import { snapshotBuilder, timelineViewer } from './snapshot.ts';
import { applyResult, show } from './timeline.ts';
import type { Chat, ChatOptions, Method, Present } from './types.ts';

/** Typing is passed on at most so often (protocol). */
const TYPING_EVERY_MS = 3_000;
/** Several reasons to ask for the room list come together. */
const REFRESH_MS = 200;
const DEFAULT_WAIT_S = 25;

export function createChat(options: ChatOptions): Chat {
  const environment = resolveEnvironment(options, () => driver.http.ticket());
  const { clock, random, log } = environment;
  const replica = new Replica();
  const everything = new Notifier();
  const timelines = new Map<RoomId, Notifier>();
  const typingTold = new Map<RoomId, number>();
  let presence: Present = 'online';
  let refreshing = false;
  let expiry: unknown = null;

  const driver: Driver = new Driver(environment, {
    resume: () => replica.resume(),
    wait_s: () => replica.limits?.sync_wait_s ?? DEFAULT_WAIT_S,
    frames: receive,
    polled(epoch) {
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
      // A new connection counts as present until told otherwise.
      if (presence === 'away') tellPresence();
    },
    changed: () => everything.touch(),
  });

  const ports: CommanderPorts = {
    clock,
    random,
    http: driver.http,
    link: () => driver.link,
    sure: () => outbox.isOpen,
    doubt: () => driver.dispatch({ type: 'doubt' }),
    zombie(link) {
      log('zombie');
      driver.zombie(link);
    },
  };

  const outbox: Outbox = new Outbox({
    storage: options.storage ?? defaultStorage(environment.baseUrl),
    clock,
    random,
    async deliver(item) {
      const result = await deliver(item, ports);
      stored(result.message, result.method);
      flush();
      return result;
    },
    changed(roomId) {
      everything.touch();
      if (roomId !== null) timelines.get(roomId)?.touch();
    },
  });

  const run = <C extends CommandName>(type: C, fields: CommandFields<C>, tries?: number): Promise<Answer<C>> =>
    command(type, fields, ports, tries);

  const history = new History({
    replica,
    clock,
    run,
    seen: (messages) => messages.forEach((message) => stored(message, 'rest')),
    flush,
  });

  const readMarks = new ReadMarks(replica, clock, (roomId, seq) => run('mark_read', { room_id: roomId, seq }), flush);

  const snapshot = snapshotBuilder(driver, replica, outbox);
  const view = timelineViewer(replica, outbox);

  // ── frames in ─────────────────────────────────────────────────────────────────────────────

  function receive(frames: readonly ServerFrame[], method: Method): void {
    for (const frame of frames) {
      replica.receive(frame, clock.now());
      if (frame.type === 'hello') outbox.setUser(frame.user.id);
    }
    flush(method);
  }

  /** Does what the replica asks for, and tells who listens. */
  function flush(method: Method = 'rest'): void {
    const needs = replica.takeNeeds();
    for (const message of needs.stored) stored(message, method);
    for (const roomId of needs.repair) history.repair(roomId);
    if (needs.reload.size > 0) log('reload', { rooms: [...needs.reload] });
    for (const roomId of needs.reload) void history.reload(roomId);
    if (needs.refresh) refreshSoon();
    for (const roomId of [...needs.touched, ...replica.takeNeeds().touched]) timelines.get(roomId)?.touch();
    everything.touch();
    expireTyping();
  }

  /** The server has this message: it leaves the outbox and stands at its seq. */
  function stored(message: Message, method: Method): void {
    if (!outbox.has(message.id)) return;
    const held = replica.timeline(message.room_id);
    if (held) replica.setTimeline(message.room_id, show(held, message));
    outbox.settle({ method, message });
  }

  function refreshSoon(): void {
    if (refreshing) return;
    refreshing = true;
    clock.setTimeout(() => {
      refreshing = false;
      refreshRoomList().catch((error: unknown) => log('refresh_failed', { error }));
    }, REFRESH_MS);
  }

  async function refreshRoomList(): Promise<{ method: Method; rooms: readonly Room[] }> {
    const { method, result } = await run('get_room_list', {});
    replica.list(result);
    flush(method);
    return { method, rooms: replica.rooms.list };
  }

  function expireTyping(): void {
    if (expiry !== null) return;
    const next = replica.presence.expire(clock.now());
    if (next === null) return;
    expiry = clock.setTimeout(() => {
      expiry = null;
      everything.touch();
      expireTyping();
    }, next - clock.now());
  }

  // ── commands out ──────────────────────────────────────────────────────────────────────────

  async function runCommand<C extends CommandName>(type: C, fields: CommandFields<C>): Promise<CommandResult<C>> {
    const { result, method } = await run(type, fields);
    const { message, room } = result as { message?: Message; room?: Room };
    if (message) {
      const held = replica.timeline(message.room_id);
      if (held) replica.setTimeline(message.room_id, applyResult(held, message));
    }
    const entered = type === 'create_room' || type === 'join_room';
    if (room && (entered || (replica.rooms.get(room.id) && type !== 'leave_room'))) replica.put(room);
    flush(method);
    return result;
  }

  /** Nobody waits for these, and a lost one is made good by the next. */
  function tell<C extends 'typing' | 'set_presence'>(type: C, fields: CommandFields<C>): void {
    run(type, fields, 1).catch(() => {});
  }

  function tellPresence(): void {
    tell('set_presence', { state: presence, instance: environment.client.instance });
  }

  return {
    connect: () => driver.start(),
    async disconnect() {
      driver.stop();
      await outbox.written();
    },
    retryNow() {
      driver.retryNow();
      outbox.hurry();
    },
    subscribe: (listener) => everything.subscribe(listener),
    getSnapshot: snapshot,
    subscribeTimeline(roomId, listener) {
      const notifier = timelines.get(roomId) ?? new Notifier();
      timelines.set(roomId, notifier);
      return notifier.subscribe(listener);
    },
    getTimeline: view,
    sendChatMessage(roomId, content, replyTo = null, extra = {}) {
      typingTold.delete(roomId);
      return outbox.add({ roomId, content, replyTo, attachments: extra.attachments ?? [] });
    },
    refreshRoomList,
    command: runCommand,
    openRoom: (roomId, at) => history.openRoom(roomId, at?.around),
    closeRoom(roomId) {
      replica.setTimeline(roomId, null);
      flush();
    },
    loadOlder: (roomId) => history.loadOlder(roomId),
    loadNewer: (roomId) => history.loadNewer(roomId),
    jumpToLatest: (roomId) => history.jumpToLatest(roomId),
    retry: (id) => outbox.retry(id),
    discard: (id) => outbox.discard(id),
    retryAll: (roomId) => outbox.failed(roomId).forEach((id) => outbox.retry(id)),
    discardAll: (roomId) => outbox.failed(roomId).forEach((id) => outbox.discard(id)),
    markRead(roomId, seq) {
      readMarks.mark(roomId, seq);
      everything.touch();
    },
    setTyping(roomId, active) {
      const now = clock.now();
      const told = typingTold.get(roomId);
      if (active ? told !== undefined && now - told < TYPING_EVERY_MS : told === undefined) return;
      if (active) typingTold.set(roomId, now);
      else typingTold.delete(roomId);
      tell('typing', { room_id: roomId, active });
    },
    setPresence(state) {
      if (state === presence) return;
      presence = state;
      tellPresence();
    },
  };
}

/**
 * Several tabs, one connection: the shell that performs what the election decides.
 *
 *   client ─▶ SharedSocket ─▶ TabCoordinator ─┬─▶ Leader:   the real socket, and through a Relay the other tabs'
 *          ─▶ SharedPoll   ─▶                 └─▶ Follower: the channel to the leader's tab
 *
 * Only the transport is shared: each tab keeps its own cursors, rooms and timelines. election.ts decides
 * who leads, relay.ts where a frame goes.
 *
 * Longer than 300 lines: it is the one place where the tab's socket, its channel, its lock and its timers meet.
 */
import type { MessageId, ServerFrame, UserId } from '../protocol.ts';
import type { Clock, CoreOptions, FetchLike, HostEvents, LogEntry, Present, WebSocketConstructor } from '../types.ts';
import { codeFor, FINAL, LOST } from './closes.ts';
import { type Effect, type Event, INITIAL, type Model, next, TICK_MS } from './election.ts';
import { Follower } from './follower.ts';
import type { TabsHost } from './host.ts';
import { Leader } from './leader.ts';
import type { Beat, TabId, TabMessage } from './messages.ts';
import { SharedPoll } from './sharedPoll.ts';
import { SharedSocket, type SocketBackend } from './sharedSocket.ts';
import { TabLock } from './tabLock.ts';
import { TabPresence } from './tabPresence.ts';

export interface TabCoordinatorPorts {
  readonly host: TabsHost;
  readonly clock: Clock;
  /** Names the tabs that may share: the same server, person and build. */
  readonly name: string;
  readonly userId: UserId;
  readonly id: TabId;
  /** As sent to the server. */
  readonly client: { readonly name: string; readonly version: string };
  readonly fetch: FetchLike;
  readonly WebSocket: WebSocketConstructor;
  readonly events: HostEvents;
  readonly log: (event: string, fields?: Partial<LogEntry>) => void;
  /** Called at every tick in the tab that leads. */
  readonly ticked: () => unknown;
  /** The page is about to be frozen, or put into the back/forward cache. */
  readonly left: () => void;
  /** Another tab asks for an unsent item. True where it was this tab's, and is that tab's now. */
  readonly give: (id: MessageId, to: TabId) => Promise<boolean>;
  /** Another tab handed it over, possibly after the wait for it ended. */
  readonly receive: (id: MessageId) => Promise<boolean>;
}

/** A living tab answers at once; one that does not hangs, and keeps its items. */
const GIVE_MS = 1_000;

/** A client without a socket and without a poll for so long waits for a person; backoff and polls are shorter. */
const IDLE_MS = 60_000;

export class TabCoordinator implements SocketBackend {
  readonly #ports: TabCoordinatorPorts;
  readonly #lock: TabLock;
  readonly #poll: SharedPoll;
  readonly #presence: TabPresence;
  readonly #leader: Leader;
  readonly #follower: Follower;
  #model: Model = INITIAL;
  #channel: BroadcastChannel | null = null;
  #socket: SharedSocket | null = null;
  #ticker: unknown = null;
  #client: ((fact: 'wake') => void) | null = null;
  #room: number | null = null;
  /** When the client last had a socket, or polled. */
  #wantedAt = 0;
  readonly #taking = new Map<MessageId, (given: boolean) => void>();

  constructor(ports: TabCoordinatorPorts) {
    this.#ports = ports;
    this.#presence = new TabPresence(ports.clock);
    this.#lock = new TabLock(ports.host.locks, ports.name, (type) => this.#dispatch({ type }));
    const shared = {
      ...ports,
      isOurs: (hello: ServerFrame | undefined) => this.#isOurs(hello),
      post: (message: TabMessage) => this.#post(message),
      end: (socket: SharedSocket, code: number) => this.#end(socket, code),
      present: (state: Present) => this.#setPresent(state),
    };
    this.#leader = new Leader({
      ...shared,
      presence: this.#presence,
      leads: () => this.#model.state === 'leading',
      refused: () => this.#dispatch({ type: 'unwanted' }),
    });
    this.#follower = new Follower({ ...shared, joined: () => this.#poll.stop() });
    this.#poll = new SharedPoll({
      clock: ports.clock,
      fetch: ports.fetch,
      follows: () => this.#model.state === 'following' || this.#model.state === 'stealing',
      epoch: () => this.#follower.leader?.epoch ?? null,
      polled: (text, status) => this.#leader.polled(text, status),
    });
  }

  /** What the tab's client is made with. */
  get options(): Pick<CoreOptions, 'WebSocket' | 'fetch' | 'events'> {
    return {
      WebSocket: SharedSocket.bind(null, this),
      fetch: (url, init) => {
        if (init && url.endsWith('/api/presence')) return this.#sendPresence(url, init);
        if (!init || !url.endsWith('/api/sync')) return this.#ports.fetch(url, init);
        this.#wantedAt = this.#ports.clock.now();
        return this.#poll.fetch(url, init);
      },
      events: { isOnline: () => this.#ports.events.isOnline(), subscribe: (listener) => this.#start(listener) },
    };
  }

  /** True in exactly one tab: the one for work that must be done once. */
  get leads(): boolean {
    return this.#model.state === 'leading' || this.#model.state === 'alone';
  }

  /** The room in view in this tab; null: none. */
  look(room: number | null): void {
    if (room === this.#room) return;
    this.#room = room;
    this.#ask();
  }

  /** Whether the room is in view in any tab. */
  isLookedAt(room: number): boolean {
    return this.#room === room || this.#presence.isLookedAt(room);
  }

  /** Asks the tab that holds this unsent item to hand it over. False where none did in time. */
  take(id: MessageId): Promise<boolean> {
    return new Promise((resolve) => {
      this.#taking.set(id, resolve);
      this.#ports.clock.setTimeout(() => resolve(false), GIVE_MS);
      this.#post({ type: 'take', from: this.#ports.id, id });
    });
  }

  // ── the client's side ─────────────────────────────────────────────────────────────────────

  attach(socket: SharedSocket): void {
    this.#socket = socket;
    this.#wantedAt = this.#ports.clock.now();
    this.#dispatch({ type: 'wanted' });
    // The client listens only after this returns.
    this.#ports.clock.setTimeout(() => this.#serve(), 0);
  }

  detach(socket: SharedSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#leader.disconnect();
    this.#follower.leave(LOST);
  }

  send(socket: SharedSocket, text: string): void {
    if (socket !== this.#socket) return;
    if (this.leads) this.#leader.send(null, text);
    else this.#follower.send(socket, text);
  }

  /** The client listens to its host for as long as it wants a connection. */
  #start(listener: Parameters<HostEvents['subscribe']>[0]): () => void {
    const { host, events, clock } = this.#ports;
    this.#client = listener;
    this.#ticker = clock.setTimeout(() => this.#tick(), TICK_MS);
    const stopHost = host.subscribe((fact) => {
      if (fact === 'seen') return this.#look();
      // A held lock would block the other tabs, and keep the page out of the browser's cache.
      this.#dispatch({ type: 'unwanted' });
      this.#ports.left();
    });
    const stopEvents = events.subscribe(listener);
    return () => {
      stopHost();
      stopEvents();
      clock.clearTimeout(this.#ticker);
      this.#client = null;
      // The client closes its socket right after this, or starts again.
      queueMicrotask(() => this.#client ?? this.#dispatch({ type: 'unwanted' }));
    };
  }

  // ── the election ──────────────────────────────────────────────────────────────────────────

  #dispatch(event: Event): void {
    const before = this.#model.state;
    const { model, effects } = next(this.#model, event, this.#ports.clock.now());
    this.#model = model;
    if (model.state !== before) this.#ports.log('tabs', { from: before, to: model.state, on: event.type });
    for (const effect of effects) this.#do(effect);
    if (model.state !== before && (model.state === 'resting' || model.state === 'alone')) this.#leave();
  }

  #do(effect: Effect): void {
    switch (effect) {
      case 'request':
        this.#channel ??= this.#open();
        return this.#lock.request();
      case 'steal':
        return this.#lock.request({ steal: true });
      case 'cancel':
      case 'release':
        return this.#lock.release();
      case 'ask':
        return this.#ask();
      case 'lead':
        return this.#lead();
      case 'stop_leading':
        return this.#leader.disconnect();
    }
  }

  #open(): BroadcastChannel | null {
    const { host, name } = this.#ports;
    if (!host.locks) return null;
    const channel = host.openChannel(name);
    channel.onmessage = ({ data }: MessageEvent<TabMessage>) => this.#receiveMessage(data);
    return channel;
  }

  #lead(): void {
    const { leader } = this.#follower;
    this.#follower.leader = null;
    this.#follower.leave(LOST);
    this.#poll.askServer();
    this.#leader.begin(Math.max(this.#ports.clock.now(), (leader?.term ?? 0) + 1));
    this.#serve();
  }

  #leave(): void {
    this.#post({ type: 'bye', from: this.#ports.id });
    this.#channel?.close();
    this.#channel = null;
    this.#follower.leader = null;
    this.#follower.leave(LOST);
    this.#poll.askServer();
    // Alone, a socket that has not opened yet gets a connection of its own.
    if (this.#socket && (!this.leads || !this.#socket.isConnecting)) this.#end(this.#socket, LOST);
    else this.#serve();
  }

  #tick(): void {
    if (this.#model.state === 'alone') return;
    const { clock, ticked } = this.#ports;
    this.#ticker = clock.setTimeout(() => this.#tick(), TICK_MS);
    const now = clock.now();
    if (this.#socket) this.#wantedAt = now;
    if (now - this.#wantedAt > IDLE_MS) this.#dispatch({ type: 'unwanted' });
    this.#look();
    if (!this.leads) return;
    this.#leader.sendPresence();
    ticked();
  }

  #look(): void {
    this.#dispatch({ type: 'tick', visible: this.#ports.host.isVisible() });
  }

  #ask(): void {
    this.#post({ type: 'ask', from: this.#ports.id, room: this.#room, present: this.#presence.own });
  }

  // ── messages of other tabs ────────────────────────────────────────────────────────────────

  #receiveMessage(message: TabMessage): void {
    if ('to' in message && message.to !== this.#ports.id) return;
    switch (message.type) {
      case 'ask':
        this.#presence.record(message.from, message.room, message.present);
        return this.#leader.beat();
      case 'bye':
        return this.#presence.forget(message.from);
      case 'join':
        return this.#leader.welcome(message.from, message.link);
      case 'send':
        return this.#leader.send(message.from, message.text, message.link);
      case 'take':
        return void this.#give(message.id, message.from);
      case 'given':
        return void this.#receive(message.id);
      case 'beat':
        return this.#receiveBeat(message);
      case 'welcome':
        return this.#follower.welcomed(message);
      case 'answer':
        return this.#follower.receive(message);
      default:
        if (!this.leads && this.#follower.isLeader(message)) this.#receiveFromLeader(message);
    }
  }

  async #give(id: MessageId, to: TabId): Promise<void> {
    if (await this.#ports.give(id, to)) this.#post({ type: 'given', from: this.#ports.id, to, id });
  }

  async #receive(id: MessageId): Promise<void> {
    this.#taking.get(id)?.(await this.#ports.receive(id));
  }

  #receiveFromLeader(message: Extract<TabMessage, { type: 'frames' | 'down' | 'polled' }>): void {
    switch (message.type) {
      case 'frames':
        this.#poll.receive(message.text);
        return this.#follower.receive(message);
      case 'down':
        this.#poll.askServer();
        return this.#follower.down(codeFor(message.code, message.largest === this.#ports.id, false));
      case 'polled':
        if (message.text === null) return this.#poll.askServer();
        return this.#poll.receive(JSON.stringify((JSON.parse(message.text) as { frames: unknown }).frames));
    }
  }

  #receiveBeat(beat: Beat): void {
    const before = this.#follower.leader;
    if (this.leads || beat.term < (before?.term ?? 0)) return;
    this.#dispatch({ type: 'beat' });
    if (this.#follower.receiveBeat(beat)) this.#poll.askServer();
    if (beat.link === null) return;
    this.#serve();
    // The client may be in a long backoff: there is a link to join now.
    if (!this.#socket && before?.link !== beat.link) this.#client?.('wake');
  }

  // ── parts ─────────────────────────────────────────────────────────────────────────────────

  /** Connects the client's socket to what stands behind it now. */
  #serve(): void {
    const socket = this.#socket;
    if (!socket?.isConnecting) return;
    if (this.leads) this.#leader.connect(socket);
    else if (this.#follower.isOpen) socket.open();
  }

  #setPresent(state: Present): void {
    this.#presence.own = state;
    this.#ask();
    this.#leader.sendPresence();
  }

  /** Presence without a socket: the leader sends it for all tabs. */
  async #sendPresence(url: string, init: RequestInit): Promise<Response> {
    const { state } = JSON.parse(init.body as string) as { state: Present };
    this.#setPresent(state);
    return this.leads && state === this.#presence.combined ? this.#ports.fetch(url, init) : new Response('{}');
  }

  #end(socket: SharedSocket, code: number): void {
    if (socket === this.#socket) this.#socket = null;
    socket.end(code);
    if (FINAL.has(code)) this.#dispatch({ type: 'unwanted' });
  }

  #isOurs(hello: ServerFrame | undefined): boolean {
    const isOurs = hello?.type !== 'hello' || hello.user.id === this.#ports.userId;
    if (!isOurs) this.#dispatch({ type: 'other_user' });
    return isOurs || this.#model.state === 'alone';
  }

  #post(message: TabMessage): void {
    this.#channel?.postMessage(message);
  }
}

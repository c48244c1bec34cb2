/**
 * Several tabs, one connection: the shell that carries out what the election decides.
 *
 *   client ─▶ SharedSocket ─▶ Tabs ─┬─▶ Leading:   the real socket, and through a Relay the other tabs'
 *          ─▶ SharedPoll   ─▶       └─▶ Following: the channel to the leader's tab
 *
 * What is shared is the transport and nothing else: each tab keeps its own cursors, rooms and
 * timelines. It decides nothing about who leads (election.ts) nor where a frame belongs (relay.ts).
 */
import type { MessageId, ServerFrame, UserId } from '../protocol.ts';
import type { Clock, CoreOptions, FetchLike, HostEvents, LogEntry, Present, WebSocketConstructor } from '../types.ts';
import { codeFor, FINAL, LOST } from './closes.ts';
import { type Effect, type Event, INITIAL, type Model, next, TICK_MS } from './election.ts';
import { Following } from './following.ts';
import type { TabsHost } from './host.ts';
import { Leading } from './leading.ts';
import { SharedPoll } from './sharedPoll.ts';
import { type Keeper, SharedSocket } from './sharedSocket.ts';
import { TabLock } from './tabLock.ts';
import { Votes } from './votes.ts';
import type { Beat, TabId, Word } from './words.ts';

export interface TabsPorts {
  readonly host: TabsHost;
  readonly clock: Clock;
  /** Of the tabs that may share: the same server, person and build. */
  readonly name: string;
  readonly userId: UserId;
  readonly id: TabId;
  /** As it is told to the server. */
  readonly client: { readonly name: string; readonly version: string };
  readonly fetch: FetchLike;
  readonly WebSocket: WebSocketConstructor;
  readonly events: HostEvents;
  readonly log: (event: string, fields?: Partial<LogEntry>) => void;
  /** Now and then, in the tab that leads. */
  readonly ticked: () => unknown;
  /** The page is about to be frozen or kept aside. */
  readonly left: () => void;
  /** Another tab asks for an unsent item. True where it was here, and is that tab's now. */
  readonly give: (id: MessageId, to: TabId) => Promise<boolean>;
  /** Another tab gave it, late perhaps. */
  readonly receive: (id: MessageId) => Promise<boolean>;
}

/** A living tab answers at once; one that does not is hung, and keeps what it has. */
const GIVE_MS = 1_000;

/** A client without a socket and without a poll for so long waits for a person; backoff and polls are shorter. */
const IDLE_MS = 60_000;

export class Tabs implements Keeper {
  readonly #ports: TabsPorts;
  readonly #lock: TabLock;
  readonly #poll: SharedPoll;
  readonly #votes: Votes;
  readonly #leading: Leading;
  readonly #following: Following;
  #model: Model = INITIAL;
  #channel: BroadcastChannel | null = null;
  #socket: SharedSocket | null = null;
  #ticker: unknown = null;
  #client: ((fact: 'wake') => void) | null = null;
  #room: number | null = null;
  /** When the client last had a socket, or polled. */
  #wantedAt = 0;
  readonly #taking = new Map<MessageId, (given: boolean) => void>();

  constructor(ports: TabsPorts) {
    this.#ports = ports;
    this.#votes = new Votes(ports.clock);
    this.#lock = new TabLock(ports.host.locks, ports.name, (type) => this.#dispatch({ type }));
    const shared = {
      ...ports,
      isOurs: (hello: ServerFrame | undefined) => this.#isOurs(hello),
      post: (word: Word) => this.#post(word),
      end: (socket: SharedSocket, code: number) => this.#end(socket, code),
      present: (state: Present) => this.#setPresent(state),
    };
    this.#leading = new Leading({
      ...shared,
      votes: this.#votes,
      leads: () => this.#model.state === 'leading',
      refused: () => this.#dispatch({ type: 'unwanted' }),
    });
    this.#following = new Following({ ...shared, joined: () => this.#poll.rest() });
    this.#poll = new SharedPoll({
      clock: ports.clock,
      fetch: ports.fetch,
      follows: () => this.#model.state === 'following' || this.#model.state === 'stealing',
      epoch: () => this.#following.leader?.epoch ?? null,
      polled: (text, status) => this.#leading.polled(text, status),
    });
  }

  /** What the tab's client is made with. */
  get options(): Pick<CoreOptions, 'WebSocket' | 'fetch' | 'events'> {
    return {
      WebSocket: SharedSocket.bind(null, this),
      fetch: (url, init) => {
        if (init && url.endsWith('/api/presence')) return this.#tellPresence(url, init);
        if (!init || !url.endsWith('/api/sync')) return this.#ports.fetch(url, init);
        this.#wantedAt = this.#ports.clock.now();
        return this.#poll.fetch(url, init);
      },
      events: { isOnline: () => this.#ports.events.isOnline(), subscribe: (listener) => this.#start(listener) },
    };
  }

  /** True in one tab: the one that does what must be done once. */
  get leads(): boolean {
    return this.#model.state === 'leading' || this.#model.state === 'apart';
  }

  /** This tab is in front of a person who looks at `room`; null: at none. */
  look(room: number | null): void {
    if (room === this.#room) return;
    this.#room = room;
    this.#ask();
  }

  /** Whether a person looks at the room, in any tab. */
  isLookedAt(room: number): boolean {
    return this.#room === room || this.#votes.isLookedAt(room);
  }

  /** Asks the tab that has this unsent item to leave it to this one. False where nobody did so far. */
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
    this.#leading.hangUp();
    this.#following.leave(LOST);
  }

  say(socket: SharedSocket, text: string): void {
    if (socket !== this.#socket) return;
    if (this.leads) this.#leading.say(null, text);
    else this.#following.say(socket, text);
  }

  /** The client listens to its host for as long as it wants a connection. */
  #start(listener: Parameters<HostEvents['subscribe']>[0]): () => void {
    const { host, events, clock } = this.#ports;
    this.#client = listener;
    this.#ticker = clock.setTimeout(() => this.#tick(), TICK_MS);
    const stopHost = host.subscribe((fact) => {
      if (fact === 'seen') return this.#look();
      // What is held would keep others waiting, or the page out of the browser's cache.
      this.#dispatch({ type: 'unwanted' });
      this.#ports.left();
    });
    const stopEvents = events.subscribe(listener);
    return () => {
      stopHost();
      stopEvents();
      clock.clearTimeout(this.#ticker);
      this.#client = null;
      // It closes its socket itself, right after this; or it starts again.
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
    if (model.state !== before && (model.state === 'resting' || model.state === 'apart')) this.#leave();
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
        return this.#leading.hangUp();
    }
  }

  #open(): BroadcastChannel | null {
    const { host, name } = this.#ports;
    if (!host.locks) return null;
    const channel = host.openChannel(name);
    channel.onmessage = ({ data }: MessageEvent<Word>) => this.#hear(data);
    return channel;
  }

  #lead(): void {
    const { leader } = this.#following;
    this.#following.leader = null;
    this.#following.leave(LOST);
    this.#poll.doubt();
    this.#leading.begin(Math.max(this.#ports.clock.now(), (leader?.term ?? 0) + 1));
    this.#serve();
  }

  #leave(): void {
    this.#post({ type: 'bye', from: this.#ports.id });
    this.#channel?.close();
    this.#channel = null;
    this.#following.leader = null;
    this.#following.leave(LOST);
    this.#poll.doubt();
    // Alone, what has not opened yet is served by a connection of its own.
    if (this.#socket && (!this.leads || !this.#socket.isConnecting)) this.#end(this.#socket, LOST);
    else this.#serve();
  }

  #tick(): void {
    if (this.#model.state === 'apart') return;
    const { clock, ticked } = this.#ports;
    this.#ticker = clock.setTimeout(() => this.#tick(), TICK_MS);
    const now = clock.now();
    if (this.#socket) this.#wantedAt = now;
    if (now - this.#wantedAt > IDLE_MS) this.#dispatch({ type: 'unwanted' });
    this.#look();
    if (!this.leads) return;
    this.#leading.speakForAll();
    ticked();
  }

  #look(): void {
    this.#dispatch({ type: 'tick', visible: this.#ports.host.isVisible() });
  }

  #ask(): void {
    this.#post({ type: 'ask', from: this.#ports.id, room: this.#room, present: this.#votes.own });
  }

  // ── words of other tabs ───────────────────────────────────────────────────────────────────

  #hear(word: Word): void {
    if ('to' in word && word.to !== this.#ports.id) return;
    switch (word.type) {
      case 'ask':
        this.#votes.hear(word.from, word.room, word.present);
        return this.#leading.beat();
      case 'bye':
        return this.#votes.forget(word.from);
      case 'join':
        return this.#leading.welcome(word.from, word.link);
      case 'say':
        return this.#leading.say(word.from, word.text, word.link);
      case 'take':
        return void this.#give(word.id, word.from);
      case 'given':
        return void this.#receive(word.id);
      case 'beat':
        return this.#hearBeat(word);
      case 'welcome':
        return this.#following.welcomed(word);
      case 'answer':
        return this.#following.hear(word);
      default:
        if (!this.leads && this.#following.isLeader(word)) this.#hearLeader(word);
    }
  }

  async #give(id: MessageId, to: TabId): Promise<void> {
    if (await this.#ports.give(id, to)) this.#post({ type: 'given', from: this.#ports.id, to, id });
  }

  async #receive(id: MessageId): Promise<void> {
    this.#taking.get(id)?.(await this.#ports.receive(id));
  }

  #hearLeader(word: Extract<Word, { type: 'frames' | 'down' | 'polled' }>): void {
    switch (word.type) {
      case 'frames':
        this.#poll.hear(word.text);
        return this.#following.hear(word);
      case 'down':
        this.#poll.doubt();
        return this.#following.down(codeFor(word.code, word.largest === this.#ports.id, false));
      case 'polled':
        if (word.text === null) return this.#poll.doubt();
        return this.#poll.hear(JSON.stringify((JSON.parse(word.text) as { frames: unknown }).frames));
    }
  }

  #hearBeat(beat: Beat): void {
    const before = this.#following.leader;
    if (this.leads || beat.term < (before?.term ?? 0)) return;
    this.#dispatch({ type: 'heard' });
    if (this.#following.hearBeat(beat)) this.#poll.doubt();
    if (beat.link === null) return;
    this.#serve();
    // The client may sit out a long pause: there is a link to join now.
    if (!this.#socket && before?.link !== beat.link) this.#client?.('wake');
  }

  // ── parts ─────────────────────────────────────────────────────────────────────────────────

  /** What stands behind the client's socket now. */
  #serve(): void {
    const socket = this.#socket;
    if (!socket?.isConnecting) return;
    if (this.leads) this.#leading.connect(socket);
    else if (this.#following.isOpen) socket.open();
  }

  #setPresent(state: Present): void {
    this.#votes.own = state;
    this.#ask();
    this.#leading.speakForAll();
  }

  /** Without a socket: the leader speaks for all. */
  async #tellPresence(url: string, init: RequestInit): Promise<Response> {
    const { state } = JSON.parse(init.body as string) as { state: Present };
    this.#setPresent(state);
    return this.leads && state === this.#votes.together ? this.#ports.fetch(url, init) : new Response('{}');
  }

  #end(socket: SharedSocket, code: number): void {
    if (socket === this.#socket) this.#socket = null;
    socket.end(code);
    if (FINAL.has(code)) this.#dispatch({ type: 'unwanted' });
  }

  #isOurs(hello: ServerFrame | undefined): boolean {
    const isOurs = hello?.type !== 'hello' || hello.user.id === this.#ports.userId;
    if (!isOurs) this.#dispatch({ type: 'stranger' });
    return isOurs || this.#model.state === 'apart';
  }

  #post(word: Word): void {
    this.#channel?.postMessage(word);
  }
}

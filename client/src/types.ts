/**
 * The public API of the client: what goes in (`ChatOptions`), what it offers (`Chat`),
 * and what it shows (`Snapshot`, `TimelineView`).
 *
 * No framework and no DOM is assumed. Everything from outside (fetch, WebSocket, storage,
 * time, randomness, browser facts) may be given; what is not given is taken from `globalThis`
 * where it is there.
 */
import type {
  CommandFields,
  CommandName,
  CommandResult,
  Limits,
  Message,
  MessageId,
  Notification,
  Room,
  RoomId,
  Seq,
  User,
  UserId,
} from './protocol.ts';

// ── what goes in ────────────────────────────────────────────────────────────────────────────

/** Who is speaking, where it is not the session cookie of this page's origin. See `@backchannel/client/auth`. */
export interface Credentials {
  /** Of every request. */
  headers(): Record<string, string> | Promise<Record<string, string>>;
  openSocket(
    WebSocket: WebSocketConstructor,
    url: string,
    server: { readonly baseUrl: string; readonly fetch: FetchLike },
  ): Promise<WebSocketLike>;
}

/** Time, as the client needs it. Milliseconds since 1970, and milliseconds to wait. */
export interface Clock {
  now(): number;
  setTimeout(run: () => void, delay_ms: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** Facts a browser (or another host) knows about itself. Hints, never proof. */
export type HostFact = 'online' | 'offline' | 'visible' | 'hidden' | 'wake';

/** Where host facts come from. `browserEvents()` of `@backchannel/client/browser` listens to the window. */
export interface HostEvents {
  /** Calls back on every fact; returns the way to stop. */
  subscribe(listener: (fact: HostFact) => void): () => void;
  /** False only where the host is sure that there is no network. */
  isOnline(): boolean;
}

/**
 * What is to become of a message that was sent before. `undo` marks what takes a cancelled command back, in case that it
 * had reached the server: nobody is shown it.
 */
export type MessageChange =
  | {
      readonly type: 'edit_message';
      readonly message_id: MessageId;
      readonly content: string;
      /** Texts this edit may replace: the one it began from, and those of this person's earlier tries. Any other is a conflict. */
      readonly bases: readonly string[];
      /** The message's place and last change when the edit began; left out where the message had none yet. */
      readonly seq?: Seq;
      readonly base_seq?: Seq;
      readonly undo?: true;
    }
  | { readonly type: 'delete_message'; readonly message_id: MessageId; readonly undo?: true }
  | {
      readonly type: 'add_reaction' | 'remove_reaction';
      readonly message_id: MessageId;
      readonly emoji: string;
      readonly undo?: true;
    };

/** One message, or one change of a message, as the outbox keeps it until the server has it. */
export interface OutboxItem {
  readonly id: MessageId;
  /** Who wrote it: another person signing in on this device neither sees nor sends it. */
  readonly userId: UserId;
  readonly roomId: RoomId;
  /** What the room was called when this was written: it may be gone by the time it is read. */
  readonly roomName?: string;
  readonly content: string;
  readonly replyTo: MessageId | null;
  readonly attachments: readonly string[];
  /** Not a message, but a change of one. `content` is the new text then, or empty. */
  readonly change?: MessageChange;
  /** Milliseconds since 1970, by this device's clock. */
  readonly createdAt: number;
  readonly state: 'queued' | 'failed';
  readonly error: SendError | null;
}

/** A message that the server had, kept in case that it loses it. */
export interface SentItem extends Omit<OutboxItem, 'state' | 'error' | 'change' | 'roomName'> {
  /** The numbering under which it was acked. */
  readonly epoch: string;
}

/** Where messages are kept on a device. Every promise resolves only after the write is on the medium. */
export interface OutboxStorage<T extends { readonly id: MessageId } = OutboxItem> {
  load(): Promise<readonly T[]>;
  put(item: T): Promise<void>;
  remove(ids: readonly MessageId[]): Promise<void>;
  /**
   * Where others write there too: calls back with what one of them left, for this client to send; and asks it to let go of
   * an item that somebody else takes over (true where it had it).
   */
  subscribe?(listener: (items: readonly T[]) => void, letGo: (id: MessageId) => boolean): void;
}

/** The part of the WebSocket API the client uses. */
export interface WebSocketLike {
  readonly readyState: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

/** `new` on a URL; a third argument with `headers` is given only where `acceptsHeaders` says so. */
export type WebSocketConstructor = new (
  url: string,
  protocols?: string[],
  options?: { headers: Record<string, string> },
) => WebSocketLike;

export type FetchLike = (url: string, init?: RequestInit) => Promise<Response>;

/** One line per thing worth knowing: state changes of the connection, repairs, refused frames. */
export interface LogEntry {
  readonly at: number;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** What the core takes. */
export interface CoreOptions {
  /** Where the server is: `https://chat.example.org`, or `/chat` below this page's origin. Default: this page's origin. */
  readonly baseUrl?: string;
  readonly credentials?: Credentials | undefined;
  /** Who is signed in, where the page knows. What is written before the first connection is then on the device at once. */
  readonly userId?: UserId | undefined;
  /** This program, told to the server in `hello`. */
  readonly client: { readonly name: string; readonly version: string };
  /** Names this tab or process; a newer connection of the same instance replaces the older. Default: a new UUID. */
  readonly instance?: string;
  readonly fetch?: FetchLike;
  readonly WebSocket?: WebSocketConstructor;
  /** Where unsent messages are kept. Default: IndexedDB where there is one, else memory. */
  readonly storage?: OutboxStorage;
  readonly clock?: Clock;
  /** A number in [0, 1): jitter only. */
  readonly random?: () => number;
  /** Default: none. The full client listens to the window where there is one. */
  readonly events?: HostEvents;
  readonly log?: (entry: LogEntry) => void;
}

/**
 * Who is speaking.
 * - `cookie` (default): the session cookie, for pages of the same origin.
 * - `bearer`: a token for programs, sent as `Authorization: Bearer …`. Where the WebSocket
 *   cannot carry headers (browsers), the client asks `POST /api/auth/ticket` for a one-time ticket.
 * - `ticket`: the page gets one-time tickets by its own means (other origin). `request` signs REST calls.
 */
export type Auth =
  | { readonly kind: 'cookie' }
  | { readonly kind: 'bearer'; readonly token: string | (() => string | Promise<string>) }
  | {
      readonly kind: 'ticket';
      readonly ticket: () => Promise<string>;
      readonly headers?: () => Record<string, string> | Promise<Record<string, string>>;
    };

/** What the full client takes. */
export interface ChatOptions extends Omit<CoreOptions, 'credentials'> {
  readonly auth?: Auth;
  /** Where what was sent lately is kept. Default: beside what waits, in IndexedDB where there is one, else memory. */
  readonly sentStorage?: OutboxStorage<SentItem>;
  /** True where `WebSocket` takes `{ headers }` as third argument (the `ws` package under Node). */
  readonly webSocketAcceptsHeaders?: boolean;
}

// ── what it shows ───────────────────────────────────────────────────────────────────────────

/**
 * What the evidence says, not what a socket claims.
 * - `connecting` (yellow): nothing known yet.
 * - `connected` (hide the indicator): the WebSocket is proven and caught up.
 * - `disconnected` (orange): no WebSocket, yet HTTP answered lately. Messages go out by HTTP.
 * - `error` (red): neither works, or a person must do something; `reason` says what.
 */
export type ConnectionStatus = 'connecting' | 'connected' | 'disconnected' | 'error';

/**
 * Why the status is `error`.
 * `offline` and `unreachable` heal alone; the others wait for a person:
 * sign in, ask an administrator, reload the page, or go to the newer tab.
 */
export type ConnectionReason =
  | 'offline'
  | 'unreachable'
  | 'signed_out'
  | 'forbidden'
  | 'update_required'
  | 'superseded';

export interface Connection {
  readonly status: ConnectionStatus;
  /** How frames arrive now; null while nothing does. */
  readonly transport: 'websocket' | 'rest' | null;
  readonly reason: ConnectionReason | null;
  /** When the WebSocket is tried next, milliseconds since 1970; null while nothing is scheduled. */
  readonly retryAt: number | null;
  /** Messages of this person that the server does not have yet (failed ones not counted). */
  readonly waiting: number;
  /** When anything had last been heard from the server at the time of this picture, milliseconds since 1970. */
  readonly lastHeardAt: number | null;
}

/** A user not named is offline. */
export type Present = 'online' | 'away';

/** State of the unsent messages over all rooms. */
export interface OutboxState {
  readonly waiting: number;
  readonly failed: number;
  /** False where this device refused to store (quota, private mode): the text lives in this tab only; say so. */
  readonly durable: boolean;
}

/** One immutable picture of everything but the messages. Unchanged parts keep their identity. */
export interface CoreSnapshot {
  readonly connection: Connection;
  readonly user: User | null;
  readonly limits: Limits | null;
  /** Newest activity first. */
  readonly rooms: readonly Room[];
  readonly roomsLoaded: boolean;
  /** By room id; rooms without unread messages are left out. */
  readonly unreadCounts: Readonly<Record<RoomId, number>>;
  readonly totalUnreadCount: number;
  readonly outbox: OutboxState;
}

/** What `withPresence` adds. */
export interface PresenceSnapshot {
  readonly presence: Readonly<Record<UserId, Present>>;
  /** Who is typing where; never this person. Rooms where nobody types are left out. */
  readonly typing: Readonly<Record<RoomId, readonly UserId[]>>;
}

/** What `withNotifications` adds. */
export interface NotificationsSnapshot {
  /** The newest 50 since `connect()`, oldest first. */
  readonly notifications: readonly Notification[];
}

export interface Snapshot extends CoreSnapshot, PresenceSnapshot, NotificationsSnapshot {}

/** Why a message did not go out. `code` is the server's, or one of the client's own. */
export interface SendError {
  /** The server's code, or `expired`: older than 24 h, so the person is asked before it goes out. */
  readonly code: string;
  readonly status: number | null;
  readonly detail: string;
}

export interface PendingMessage {
  readonly id: MessageId;
  readonly roomId: RoomId;
  /** What the room was called when this was written. */
  readonly roomName: string;
  /** Of an edit: the new text. */
  readonly content: string;
  readonly replyTo: MessageId | null;
  readonly attachments: readonly string[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** `queued`: waits for its turn or for a connection; `sending`: on its way; `failed`: left the queue, see `error`. */
  readonly state: 'queued' | 'sending' | 'failed';
  readonly error: SendError | null;
  /** Null for a message; else what is to become of one that was sent. */
  readonly change: MessageChange | null;
  /** A try was made whose answer never came: the server may have it already. */
  readonly unsure: boolean;
}

export type PendingChange = PendingMessage & { readonly change: MessageChange };

/** What is held of one room's log. Equal until something in this room changes. */
export interface CoreTimelineView {
  readonly roomId: RoomId;
  /** Ascending by seq, without holes, tombstones included. */
  readonly messages: readonly Message[];
  /** This person's messages without an ack, oldest first. Shown after `messages`. */
  readonly pending: readonly PendingMessage[];
  readonly hasOlder: boolean;
  /** True while the window does not reach the head (opened around an old message, or trimmed). */
  readonly hasNewer: boolean;
  readonly loading: 'initial' | 'older' | 'newer' | null;
  /** Why the last load failed; cleared by the next. */
  readonly error: { readonly code: string; readonly detail: string } | null;
}

export interface TimelineView extends CoreTimelineView {
  /** This person's edits, deletions and reactions without an ack, oldest first. `messages` do not show them yet. */
  readonly changes: readonly PendingChange[];
  /**
   * The first unread seq when the room was opened, for the separator; stays put until opened again. Null where nothing was
   * unread, and while the window begins behind it: `openRoom` with `around` the row's `read_seq + 1` loads it.
   */
  readonly firstUnreadSeq: Seq | null;
}

// ── what it does ────────────────────────────────────────────────────────────────────────────

/** Which transport brought the answer. */
export type Method = 'websocket' | 'rest';

export interface SendResult {
  readonly method: Method;
  readonly message: Message;
}

export interface RefreshResult {
  readonly method: Method;
  readonly rooms: readonly Room[];
}

/** The core: what `createChat` gives where nothing is composed in. */
export interface CoreChat {
  /** Starts an HTTP sync and the WebSocket at once; idempotent; also leaves a state that waits for a person (after sign-in). */
  connect(): void;
  /** Closes everything; the outbox is kept. `connect()` starts again. */
  disconnect(): Promise<void>;
  /** Tries the WebSocket and HTTP now instead of at `retryAt`. */
  retryNow(): void;

  /** Called at most once per task after something may have changed. */
  subscribe(listener: () => void): () => void;
  getSnapshot(): CoreSnapshot;
  subscribeTimeline(roomId: RoomId, listener: () => void): () => void;
  getTimeline(roomId: RoomId): CoreTimelineView;

  /**
   * Writes the message into the outbox, then sends it, over whatever works.
   * Resolves when the server has it for good; stays pending as long as it takes.
   * @param replyTo id of a message of the same room.
   * @throws ChatError when the server refuses it for good (it then shows as `failed`), or when it is discarded.
   */
  sendChatMessage(
    roomId: RoomId,
    content: string,
    replyTo?: MessageId | null,
    extra?: { readonly attachments?: readonly string[] },
  ): Promise<SendResult>;
  /** Asks for the room list again. @throws ChatError */
  refreshRoomList(): Promise<RefreshResult>;
  /** Loads a window of the room: the newest page, or a page around a seq. @throws nothing: see `TimelineView.error`. */
  openRoom(roomId: RoomId, at?: { readonly around?: Seq }): Promise<void>;
  /** Lets go of the room's messages; unsent ones are kept. */
  closeRoom(roomId: RoomId): void;
  loadOlder(roomId: RoomId): Promise<void>;
  loadNewer(roomId: RoomId): Promise<void>;
  jumpToLatest(roomId: RoomId): Promise<void>;

  /** A failed message back into the queue, with the same id. */
  retry(messageId: MessageId): void;
  /** Forgets a message that was not sent. */
  discard(messageId: MessageId): void;
  /** All failed ones (of one room). */
  retryAll(roomId?: RoomId): void;
  discardAll(roomId?: RoomId): void;
  /** Everything that was not sent, over all rooms, those that are gone among them; oldest first. Equal until it changes. */
  getUnsent(): readonly PendingMessage[];
  /** What was just discarded, as it was; one that may have reached the server gets a new id. */
  putBack(item: PendingMessage): void;
}

export interface CommandsChat {
  /**
   * One command, over the WebSocket when it is live, else over REST. What may be repeated is
   * repeated by REST where a socket dies under it; what may not is refused with `connection_lost`.
   * While nothing works (status `error`), what changes something is refused at once with `offline`.
   * Messages and rooms in the result are applied to the state.
   * @throws ChatError
   */
  command<C extends CommandName>(
    type: C,
    fields: CommandFields<C>,
    options?: CommandOptions,
  ): Promise<CommandResult<C>>;
}

export interface CommandOptions {
  /** Nobody waits for it any more: it is rejected with `cancelled`, and not tried again. */
  readonly signal?: AbortSignal;
  /** Tries over REST; default 4, within about four seconds. */
  readonly tries?: number;
}

/**
 * Changes of messages, with the promise that sending has: on the device before the first try, in the order given within
 * the room, tried until the server has them or refuses them for good. They show as `changes` of the room's view, and are
 * cancelled by `discard`: then they are not applied, and what had reached the server already is taken back.
 * Each resolves when the server has it. @throws ChatError when refused for good or discarded.
 */
export interface ChangesChat {
  /**
   * One's own message gets another text. An unsent message is changed where it waits.
   * @param base the message as it was when the edit began. Where it says something else by now, the edit fails with
   *   `edit_conflict` and keeps its text; `retry` puts it over what is there.
   */
  editMessage(base: Pick<Message, 'id' | 'room_id' | 'content'> & Partial<Message>, content: string): Promise<unknown>;
  /** An unsent message is discarded. */
  deleteMessage(message: Pick<Message, 'id' | 'room_id'>): Promise<unknown>;
  /** Adds the reaction, or takes it back. The opposite of one that waits cancels it. */
  react(message: Pick<Message, 'id' | 'room_id'>, emoji: string, on: boolean): Promise<unknown>;
  getTimeline(roomId: RoomId): CoreTimelineView & Pick<TimelineView, 'changes'>;
}

export interface ReadingChat {
  /** Moves the read mark forward (never back); shown at once, told to the server shortly after. */
  markRead(roomId: RoomId, seq: Seq): void;
  getTimeline(roomId: RoomId): CoreTimelineView & Pick<TimelineView, 'firstUnreadSeq'>;
}

export interface PresenceChat {
  /** Call as often as keys are pressed; told to the server at most every 3 s. */
  setTyping(roomId: RoomId, active: boolean): void;
  setPresence(state: Present): void;
  getSnapshot(): CoreSnapshot & PresenceSnapshot;
}

export interface NotificationsChat {
  getSnapshot(): CoreSnapshot & NotificationsSnapshot;
}

export interface ReofferChat {
  /** The person signed out: nothing of theirs stays on this device, neither what waits nor what was sent. */
  forget(): Promise<void>;
}

/** The full client: the core with everything composed in. */
export interface Chat
  extends Omit<CoreChat, 'getSnapshot' | 'getTimeline'>,
    CommandsChat,
    Omit<ChangesChat, 'getTimeline'>,
    Omit<ReadingChat, 'getTimeline'>,
    ReofferChat,
    Omit<PresenceChat, 'getSnapshot'> {
  getSnapshot(): Snapshot;
  getTimeline(roomId: RoomId): TimelineView;
}

/**
 * What the client takes (`ChatOptions`). No framework and no DOM is assumed: everything from outside (fetch, WebSocket,
 * storage, time, randomness, browser events) may be given; otherwise it is taken from `globalThis` where it is there.
 */
import type { MessageId, RoomId, Routes, UserId } from '../protocol.ts';
import type { InThread, MessageChange, SendError } from './state.ts';

/** Credentials other than the session cookie of this page's origin. See `@backchannel/client/auth`. */
export interface Credentials {
  /** Sent with every request. */
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

/** What a browser (or another host) reports about itself. Hints, never proof. */
export type HostFact = 'online' | 'offline' | 'visible' | 'hidden' | 'wake';

/** Where host facts come from. `browserEvents()` of `@backchannel/client/browser` listens to the window. */
export interface HostEvents {
  /** Calls back on every fact; returns the function that stops it. */
  subscribe(listener: (fact: HostFact) => void): () => void;
  /** False only where the host reports that there is no network. */
  isOnline(): boolean;
}

/** One message, or one change of a message, as the outbox keeps it until the server has it. */
export interface OutboxItem {
  readonly id: MessageId;
  /** The author: another person who signs in on this device neither sees nor sends it. */
  readonly userId: UserId;
  readonly roomId: RoomId;
  /** The room's name when this was written: the room may be gone later. */
  readonly roomName?: string;
  readonly content: string;
  readonly replyTo: MessageId | null;
  readonly attachments: readonly string[];
  /** Set where the message is a reply in a thread. */
  readonly inThread?: InThread;
  /** Set where the item is a change of a message. `content` is then the new text, or empty. */
  readonly change?: MessageChange;
  /** Milliseconds since 1970, by this device's clock. */
  readonly createdAt: number;
  readonly state: 'queued' | 'failed';
  readonly error: SendError | null;
}

/** A message that the server had, kept in case that the server loses it. */
export interface SentItem extends Omit<OutboxItem, 'state' | 'error' | 'change' | 'roomName'> {
  /** The epoch under which it was acked. */
  readonly epoch: string;
}

/** Storage for messages on a device. Every promise resolves only after the write is durable. */
export interface OutboxStorage<T extends { readonly id: MessageId } = OutboxItem> {
  load(): Promise<readonly T[]>;
  put(item: T): Promise<void>;
  remove(ids: readonly MessageId[]): Promise<void>;
  /**
   * For storage that several clients share: `listener` receives items that another client left, for this one to send;
   * `handOver` asks this client to release an item that another one takes over (true where it had it).
   */
  subscribe?(listener: (items: readonly T[]) => void, handOver: (id: MessageId) => boolean): void;
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

/** `new` on a URL; a third argument with `headers` is passed only where `webSocketAcceptsHeaders` is true. */
export type WebSocketConstructor = new (
  url: string,
  protocols?: string[],
  options?: { headers: Record<string, string> },
) => WebSocketLike;

export type FetchLike = (url: string, init?: RequestInit) => Promise<Response>;

/** One entry for each state change of the connection, repair or refused frame. */
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
  /** Who is signed in, where the page knows. Messages written before the first connection are then stored at once. */
  readonly userId?: UserId | undefined;
  /** This program, sent to the server in `hello`. */
  readonly client: { readonly name: string; readonly version: string };
  /** Names this tab or process; a newer connection of the same instance replaces the older. Default: a new UUID. */
  readonly instance?: string;
  readonly fetch?: FetchLike;
  readonly WebSocket?: WebSocketConstructor;
  /** Where unsent messages are stored. Default: IndexedDB where there is one, else memory. */
  readonly storage?: OutboxStorage;
  readonly clock?: Clock;
  /** A number in [0, 1): jitter only. */
  readonly random?: () => number;
  /** Default: none. The full client listens to the window where there is one. */
  readonly events?: HostEvents;
  readonly log?: (entry: LogEntry) => void;
  /**
   * The commands that are sent by name (`command`), with their REST routes: `COMMANDS` of `@backchannel/client/commands`, or some
   * of it. Those that features send by themselves need not be among them.
   */
  readonly commands?: Routes;
}

/**
 * How the client authenticates.
 * - `cookie` (default): the session cookie, for pages of the same origin.
 * - `bearer`: a token for programs, sent as `Authorization: Bearer …`. Where the WebSocket
 *   cannot carry headers (browsers), the client asks `POST /api/auth/ticket` for a one-time ticket.
 * - `jwt`: the token by which the page's site signs its people in, also from another origin. It is kept, and the page asked again at
 *   each 401. The WebSocket is opened by a ticket.
 * - `ticket`: the page gets one-time tickets by its own means (other origin). `headers` authenticates REST calls.
 */
export type Auth =
  | { readonly kind: 'cookie' }
  | { readonly kind: 'bearer'; readonly token: string | (() => string | Promise<string>) }
  | { readonly kind: 'jwt'; readonly token: () => string | Promise<string> }
  | {
      readonly kind: 'ticket';
      readonly ticket: () => Promise<string>;
      readonly headers?: () => Record<string, string> | Promise<Record<string, string>>;
    };

/** What the full client takes. */
export interface ChatOptions extends Omit<CoreOptions, 'credentials'> {
  readonly auth?: Auth;
  /** Where recently sent messages are stored. Default: beside the unsent ones, in IndexedDB where there is one, else memory. */
  readonly sentStorage?: OutboxStorage<SentItem>;
  /** True where `WebSocket` takes `{ headers }` as third argument (the `ws` package under Node). */
  readonly webSocketAcceptsHeaders?: boolean;
}

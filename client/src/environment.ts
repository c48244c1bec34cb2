/**
 * Everything from outside, resolved once: options where given, else what `globalThis` has.
 *
 * The only module that reaches for globals. Functions are wrapped, never kept bare: a browser's
 * `fetch` or `setTimeout` called as a method of something else throws "Illegal invocation".
 */
import { ChatError } from './errors.ts';
import type { ChatOptions, Clock, FetchLike, HostEvents, LogEntry, WebSocketLike } from './types.ts';
import { uuidv7 } from './uuid.ts';

export interface Environment {
  readonly baseUrl: string;
  readonly client: { readonly name: string; readonly version: string; readonly instance: string };
  readonly clock: Clock;
  readonly random: () => number;
  readonly fetch: FetchLike;
  readonly credentials: 'same-origin' | 'omit';
  readonly headers: () => Promise<Record<string, string>>;
  /** Rejects where no ticket is to be had or the host has no WebSocket. */
  readonly openSocket: () => Promise<WebSocketLike>;
  readonly events: HostEvents;
  readonly log: (event: string, fields?: Partial<LogEntry>) => void;
}

/** @param ticket asks `POST /api/auth/ticket`; used where a bearer token cannot ride in a header. */
export function resolveEnvironment(options: ChatOptions, ticket: () => Promise<string>): Environment {
  const auth = options.auth ?? { kind: 'cookie' };
  const clock = options.clock ?? SYSTEM_CLOCK;
  const baseUrl = (options.baseUrl ?? globalThis.location?.origin ?? '').replace(/\/$/, '');
  const fetch: FetchLike = options.fetch ?? ((url, init) => globalThis.fetch(url, init));

  const headers = async (): Promise<Record<string, string>> => {
    if (auth.kind === 'ticket') return (await auth.headers?.()) ?? {};
    if (auth.kind === 'cookie') return {};
    const token = typeof auth.token === 'string' ? auth.token : await auth.token();
    return { Authorization: `Bearer ${token}` };
  };

  const openSocket = async (): Promise<WebSocketLike> => {
    const WebSocket = options.WebSocket ?? globalThis.WebSocket;
    if (!WebSocket) throw new ChatError({ code: 'no_websocket' });
    const url = `${baseUrl.replace(/^http/, 'ws')}/ws`;
    if (auth.kind === 'cookie') return new WebSocket(url);
    if (auth.kind === 'bearer' && options.webSocketAcceptsHeaders && options.WebSocket) {
      return new options.WebSocket(url, [], { headers: await headers() });
    }
    const once = await (auth.kind === 'ticket' ? auth.ticket() : ticket());
    return new WebSocket(`${url}?token=${encodeURIComponent(once)}`);
  };

  return {
    baseUrl,
    client: { ...options.client, instance: options.instance ?? uuidv7(clock.now()) },
    clock,
    random: options.random ?? (() => Math.random()),
    fetch,
    credentials: auth.kind === 'cookie' ? 'same-origin' : 'omit',
    headers,
    openSocket,
    events: options.events ?? hostEvents(),
    log: (event, fields) => options.log?.({ at: clock.now(), event, ...fields }),
  };
}

const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  setTimeout: (run, delay_ms) => globalThis.setTimeout(run, delay_ms),
  clearTimeout: (handle) => globalThis.clearTimeout(handle as number),
};

/** The window's own events where there is one, else silence. */
function hostEvents(): HostEvents {
  const { document, navigator } = globalThis;
  if (!document) return { subscribe: () => () => {}, isOnline: () => true };
  return {
    isOnline: () => navigator.onLine,
    subscribe(listener) {
      const stop = new AbortController();
      const on = (target: EventTarget, type: string, run: () => void): void =>
        target.addEventListener(type, run, { signal: stop.signal });
      on(globalThis, 'online', () => listener('online'));
      on(globalThis, 'offline', () => listener('offline'));
      on(globalThis, 'focus', () => listener('wake'));
      // Back from the back/forward cache or a frozen tab: the socket may be long dead.
      on(globalThis, 'pageshow', () => listener('wake'));
      on(document, 'resume', () => listener('wake'));
      on(document, 'visibilitychange', () => listener(document.hidden ? 'hidden' : 'visible'));
      return () => stop.abort();
    },
  };
}

/**
 * Everything from outside, resolved once: options where given, else what `globalThis` has.
 *
 * The only module of the core that uses globals. Functions are wrapped: a browser's `fetch` or `setTimeout`
 * called as a method of another object throws "Illegal invocation".
 */
import type {
  Clock,
  CoreOptions,
  FetchLike,
  HostEvents,
  LogEntry,
  WebSocketConstructor,
  WebSocketLike,
} from './types.ts';
import { uuidv7 } from './uuid.ts';

export interface Environment {
  readonly baseUrl: string;
  readonly client: { readonly name: string; readonly version: string; readonly instance: string };
  readonly clock: Clock;
  readonly random: () => number;
  readonly fetch: FetchLike;
  readonly credentials: 'same-origin' | 'omit';
  readonly headers: () => Promise<Record<string, string>> | Record<string, string>;
  /** Rejects where the host has no WebSocket, or the credentials are refused. */
  readonly openSocket: () => Promise<WebSocketLike>;
  readonly events: HostEvents;
  readonly log: (event: string, fields?: Partial<LogEntry>) => void;
}

export function resolveEnvironment(options: CoreOptions): Environment {
  const { client, credentials, clock = SYSTEM_CLOCK, random = () => Math.random(), events = NO_EVENTS } = options;
  const fetch: FetchLike = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const baseUrl = addressOf(options.baseUrl);
  return {
    baseUrl,
    client: { ...client, instance: options.instance ?? uuidv7(clock.now()) },
    clock,
    random,
    fetch,
    credentials: credentials ? 'omit' : 'same-origin',
    headers: () => credentials?.headers() ?? {},
    async openSocket() {
      const url = `${baseUrl.replace(/^http/, 'ws')}/ws`;
      const open: WebSocketConstructor = options.WebSocket ?? globalThis.WebSocket;
      return credentials ? credentials.openSocket(open, url, { baseUrl, fetch }) : new open(url);
    },
    events,
    log: (event, fields) => options.log?.({ at: clock.now(), event, ...fields }),
  };
}

/** The server's address without a slash at its end. `/chat` is below this page's origin; outside of a page nothing given is ''. */
export function addressOf(baseUrl = ''): string {
  const isOfPage = !baseUrl || baseUrl[0] === '/';
  return ((isOfPage ? (globalThis.location?.origin ?? '') : '') + baseUrl).replace(/\/+$/, '');
}

/** Throws where no request could reach a server. Called on `connect`, since a page may be rendered where there is none. */
export function checkAddress(baseUrl: string, { fetch }: CoreOptions): void {
  if (!/^https?:/.test(baseUrl) && (baseUrl || !fetch))
    throw new TypeError(`baseUrl is "${baseUrl}"; give the server's address, like https://chat.example.org`);
}

const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  setTimeout: (run, delay_ms) => globalThis.setTimeout(run, delay_ms),
  clearTimeout: (handle) => globalThis.clearTimeout(handle as number),
};

/** For a host without such events. */
export const NO_EVENTS: HostEvents = { subscribe: () => () => {}, isOnline: () => true };

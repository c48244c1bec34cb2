/**
 * The flight recorder: what this client saw of its connection, for an operator who has to find out why a message did not arrive.
 *
 *   log of driver and tabs ─▶ ring of 512 lines, attempts ─┐
 *   frames, host facts ─────▶ durations ───────────────────┼─▶ POST /api/report, over HTTP, when it works
 *   errors of the page ─────▶ at most ten ─────────────────┘
 *
 * It is composed in by apps that want it, and is never in the way: no send waits for it, and a report that fails is tried once more.
 * It records states, numbers and names of errors. Contents, names of rooms and typed text are never in it.
 *
 * Longer than 300 lines: it is one recording, and each method adds one kind of entry to it.
 */
import { createAlarm } from '../clock.ts';
import type { Core, Feature } from '../core.ts';
import type { BrowserError, Report, RoomId } from '../protocol.ts';
import type { CoreOptions, FetchLike, LogEntry, WebSocketLike } from '../types.ts';
import { createAttempts, type Finished } from './attempts.ts';
import { count, type Samples } from './samples.ts';

const LINES = 512;
const LINE = 200;
const ATTEMPTS = 32;
const ERRORS = 10;
/** The clock is looked at this often; a much longer step is sleep. */
const LOOK_MS = 5_000;
/** Browsers run timers of hidden pages once a minute. */
const SLEPT_MS = 75_000;
/** While nothing has ended or failed: durations can wait, and a connected client needs no requests. */
const REPORT_MS = 300_000;
/** After an attempt has ended: its cause shall be known soon. */
const SOON_MS = 2_000;
/** Between two reports; four times that while they fail. */
const GAP_MS = 8_000;
const KEY = 'backchannel recorder';
const PONG = '{"type":"pong"}';
const SEEN_ROOMS = 256;
/** Fields of log entries that are recorded. Others may name rooms or hold texts. */
const FIELDS = ['from', 'to', 'on', 'failures', 'code'];

/** Where the recorder outlives its page: `sessionStorage`. */
export type RecorderStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export interface RecorderChat {
  /** Sends the recorder to the server, for a person who reports a problem. True where it was taken. */
  reportProblem(): Promise<boolean>;
  /** The recorder's lines, oldest first, to be read or copied. */
  recording(): readonly string[];
  /** The last sign of life of the server. */
  lastSign(): Sign;
}

export interface Sign {
  /** When the last frame or answer came, in ms since 1970. */
  readonly at: number | null;
  /** From the last ping over a WebSocket to its pong, in ms. */
  readonly took: number | null;
}

export interface Recorder<Options> {
  /** The options, with what the recorder listens to. */
  readonly options: Options;
  /** To be composed into the chat that is made with them. */
  readonly feature: Feature<RecorderChat>;
}

/** What is reported next, and then begins again. */
const nothing = () => ({
  attempts: [] as Finished[],
  errors: [] as BrowserError[],
  samples: {} as Samples,
});

/** @param storage Asked when it is needed, because a browser that denies storage throws where it is only named. */
export function createRecorder<Options extends Partial<CoreOptions>>(
  options: Options,
  storage: () => RecorderStorage = () => sessionStorage,
): Recorder<Options> {
  const now = (): number => options.clock?.now() ?? Date.now();
  const fetch: FetchLike = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const Given = options.WebSocket ?? globalThis.WebSocket;
  let ring: { at: number; text: string }[] = [];
  let news = nothing();
  let http: boolean | null = null;
  let hidden = false;
  let slept = 0;
  let lookedAt = now();
  /** Messages older than this were not late: nobody was awake to get them. */
  let awakeSince = lookedAt;
  let pingedAt = 0;
  /** An older server refuses what it does not know. */
  let takesSeen = false;
  // Assigned by the feature, which is composed before anything is connected.
  let isOnline!: () => boolean;
  let seen!: () => object;
  let reportSoon!: () => void;

  function line(event: string, fields: Partial<LogEntry> = {}): void {
    const given = FIELDS.filter((name) => name in fields).map((name) => `${name}=${String(fields[name])}`);
    const { code, name } = Object(fields.error) as { code?: string; name?: string };
    ring = [...ring, { at: now(), text: [event, ...given, code ?? name].join(' ').trim() }].slice(-LINES);
  }

  /** Looks at the clock: has the device slept? */
  function look(): void {
    const step_ms = now() - lookedAt;
    lookedAt = now();
    if (step_ms <= (hidden ? SLEPT_MS : 2 * LOOK_MS)) return;
    slept += step_ms;
    awakeSince = lookedAt;
    line('slept');
  }

  const attempts = createAttempts(
    (attempt) => {
      news.attempts = [...news.attempts, attempt].slice(-ATTEMPTS);
      slept = 0;
      http = null;
      reportSoon();
    },
    () => {
      look();
      return { hidden, slept, offline: !isOnline(), http };
    },
  );

  function log(entry: LogEntry): void {
    options.log?.(entry);
    line(entry.event, entry);
    attempts.log(entry);
    // Entering these states sends a ping.
    if (entry.to === 'proving' || entry.to === 'checking') pingedAt = entry.at;
  }

  /** Names the attempt in the handshake, and says in each pong how far this client has come. */
  function Observed(url: string, ...rest: unknown[]): WebSocketLike {
    const [random] = crypto.getRandomValues(new BigUint64Array(1)) as BigUint64Array & [bigint];
    const id = random.toString(16).padStart(16, '0');
    attempts.socket(id);
    const made = new (Given as new (...all: unknown[]) => WebSocketLike)(
      `${url}${url.includes('?') ? '&' : '?'}a=${id}`,
      ...rest,
    );
    const send = made.send.bind(made);
    made.send = (data) => send(takesSeen && data === PONG ? JSON.stringify({ type: 'pong', seen: seen() }) : data);
    return made;
  }

  async function observedFetch(url: string, init?: RequestInit): Promise<Response> {
    try {
      const response = await fetch(url, init);
      http = response.status < 500;
      return response;
    } catch (error) {
      if (!init?.signal?.aborted) http ??= false;
      throw error;
    }
  }

  function feature({ env, replica, driver, outbox, onFrame, onStored }: Core): RecorderChat {
    const { clock } = env;
    const { cursors } = replica;
    const behind = new Set<RoomId>();
    let reportedAt = now();
    let failures = 0;
    let errors = 0;
    let isOver = false;
    let isSoon = false;
    let took: number | null = null;
    /** How far the server's clock is behind this one. */
    let offset_ms = Number.NaN;

    const sample = (kind: 'delivery' | 'send' | 'rtt', since: number): void => {
      const transport = driver.link || kind === 'rtt' ? 'websocket' : 'http';
      if (since > awakeSince) count(news.samples, transport, kind, now() - since);
    };

    seen = () => {
      const given: Record<RoomId, number> = {};
      for (const id of [...behind].slice(-SEEN_ROOMS)) {
        const cursor = cursors.get(id);
        if (cursor !== undefined) given[id] = cursor;
        if (!cursors.lag(id)) behind.delete(id);
      }
      return given;
    };

    onFrame.push((frame) => {
      if (frame.type === 'please_report') void post('asked');
      if (frame.type === 'hello') takesSeen = !!frame.server.evidence;
      if (frame.type === 'pong' && pingedAt) {
        sample('rtt', pingedAt);
        took = now() - pingedAt;
        offset_ms = pingedAt + took / 2 - Date.parse(frame.timestamp);
        pingedAt = 0;
      }
      if (frame.type === 'ping') for (const id in frame.heads) behind.add(+id);
      if (frame.type === 'message_created' && frame.seq > (cursors.get(frame.room_id) ?? frame.seq)) {
        const { sender, created_at } = frame.message;
        // Without an offset this is no number, and is not counted.
        if (sender.id !== replica.user?.id) sample('delivery', Date.parse(created_at) + offset_ms);
      }
    });
    // A message's id begins with the moment at which it was written.
    onStored.push(({ id }) => sample('send', Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)));

    isOnline = () => env.events.isOnline();
    env.events.subscribe((fact) => {
      line(fact);
      if (fact === 'hidden' || fact === 'visible') hidden = fact === 'hidden';
      if (fact === 'online') awakeSince = now();
    });

    const lines = (): string[] => ring.map(({ at, text }) => `${now() - at} ${text}`.slice(0, LINE));

    /** True where it was taken. */
    async function post(why: NonNullable<Report['why']> = 'summary'): Promise<boolean> {
      const { attempts: ended, samples, ...others } = news;
      news = nothing();
      reportedAt = now();
      const report: Report = {
        client: env.client,
        transport: driver.link ? 'websocket' : 'http',
        attempts: ended.map(({ at, ...attempt }) => ({ ...attempt, age: reportedAt - at })),
        ...samples,
        ...others,
        waiting: outbox.all().length,
        ...(why !== 'summary' && { why, recorder: lines() }),
      };
      try {
        const answer = await fetch(`${env.baseUrl}/api/report`, {
          method: 'POST',
          credentials: env.credentials,
          headers: { ...(await env.headers()), 'Content-Type': 'application/json' },
          body: JSON.stringify(report),
          // Larger ones are not allowed to outlive the page.
          keepalive: why === 'summary',
        });
        // An answer that is not read keeps its connection busy.
        await answer.text();
        // An older server takes none.
        isOver ||= answer.status === 404;
        if (answer.ok) {
          failures = 0;
          return true;
        }
      } catch {
        // Out of reach.
      }
      // Attempts are tried once more; all else is lost.
      if (++failures === 1 && !isOver) {
        news.attempts.unshift(...ended);
        reportSoon();
      }
      return false;
    }

    const setDue = createAlarm(clock, () => {
      isSoon = false;
      setDue(now() + REPORT_MS);
      if (isOver || JSON.stringify(news) === JSON.stringify(nothing())) return;
      // Once the WebSocket is back, nothing else asks whether HTTP is.
      if (driver.isLost || (http === false && !driver.link)) return setDue(now() + SOON_MS);
      void post(news.errors[0] && 'error');
    });
    reportSoon = () => {
      if (isSoon) return;
      isSoon = true;
      setDue(Math.max(now() + SOON_MS, reportedAt + GAP_MS * (failures ? 4 : 1)));
    };

    function keepLooking(): void {
      look();
      clock.setTimeout(keepLooking, LOOK_MS);
    }

    function fail(error: unknown): void {
      // Browsers report loops of ResizeObserver, which harm nothing, without an error. Anything else can be thrown.
      if (!error || errors++ >= ERRORS) return;
      line('error', { error });
      const { name = 'Error', message = '', stack = '' } = Object(error) as Partial<Error>;
      // What stands between quotes may be somebody's words.
      const text = message.replace(/(["'`]).*?\1/g, '…').slice(0, 300);
      news.errors.push({ kind: name.slice(0, 64), text, stack: stack.replace(message, '').slice(0, 2_000) });
      reportSoon();
    }

    function leave(): void {
      try {
        storage().setItem(KEY, JSON.stringify([ring, news.attempts]));
      } catch {
        // Full, or not allowed.
      }
      if (!isOver && news.attempts[0]) void post();
    }

    try {
      const [lines, ended] = JSON.parse(storage().getItem(KEY) ?? '[[],[]]') as [typeof ring, Finished[]];
      ring.unshift(...lines);
      news.attempts.unshift(...ended);
      storage().removeItem(KEY);
    } catch {
      // Another version's, or storage is not allowed: the recorder begins empty.
    }
    keepLooking();
    setDue(now() + (news.attempts[0] ? SOON_MS : REPORT_MS));
    const page = globalThis.window as Window | undefined;
    page?.addEventListener('pagehide', leave);
    page?.addEventListener('error', (event) => fail(event.error));
    page?.addEventListener('unhandledrejection', (event) => fail(event.reason));

    return {
      reportProblem: () => post('person'),
      recording: lines,
      lastSign: () => ({ at: driver.connection.lastHeardAt, took }),
    };
  }

  return {
    options: { ...options, log, fetch: observedFetch, ...(Given && { WebSocket: Observed as never }) },
    feature,
  };
}

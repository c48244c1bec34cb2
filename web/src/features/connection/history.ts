/**
 * The recorder's lines as a history that a person can read: when the WebSocket worked, and what ended it.
 *
 * Pure. A line is `<age in ms> <event> <name>=<value> …` (client/src/recorder/recorder.ts).
 */
export type What =
  | 'works'
  | 'not_opened'
  | 'no_answer'
  | 'cut'
  | 'restarted'
  | 'no_sign_of_life'
  | 'paused'
  | 'signed_out'
  | 'slept'
  | 'offline'
  | 'online'
  | 'error';

export interface Moment {
  readonly what: What;
  /** Milliseconds since 1970, of the first and the last of `times`. */
  readonly from: number;
  readonly to: number;
  /** How often it happened in a row. */
  readonly times: number;
  /** How long the connection had lived that ended, in ms; null where none had. */
  readonly lived: number | null;
  readonly code: number | null;
}

const LIVE: ReadonlySet<string> = new Set(['live', 'checking']);
/** The server said goodbye, or restarts. */
const RESTARTS: ReadonlySet<number> = new Set([1001, 1012]);
/** The server closed what did not answer its heartbeat. */
const SILENT = 4408;
/** Ends that nobody has to explain: the person or the app itself asked for them. */
const ASKED: ReadonlySet<string> = new Set(['connect', 'disconnect', 'retry_now', 'wake', 'doubt', 'probed']);

interface Line {
  readonly at: number;
  readonly event: string;
  readonly fields: Readonly<Record<string, string>>;
}

function parse(text: string, now: number): Line {
  const [age = '0', event = '', ...words] = text.split(' ');
  const fields = Object.fromEntries(
    words.map((word): [string, string] => {
      const at = word.indexOf('=');
      return [word.slice(0, Math.max(at, 0)), word.slice(at + 1)];
    }),
  );
  return { at: now - Number(age), event, fields };
}

/** What happened, newest first; the same thing in a row is one moment. */
export function historyOf(lines: readonly string[], now: number): Moment[] {
  const moments: Moment[] = [];
  let liveSince: number | null = null;
  let code: number | null = null;
  const add = (what: What, at: number, lived: number | null = null) => {
    const last = moments.at(-1);
    const isSame = last?.what === what && lived === null;
    if (isSame) moments.pop();
    moments.push({ what, from: isSame ? last.from : at, to: at, times: isSame ? last.times + 1 : 1, lived, code });
  };
  for (const { at, event, fields } of lines.map((text) => parse(text, now))) {
    const { from = '', to = '', on = '' } = fields;
    if (event === 'socket_closed') code = Number(fields['code']);
    if (event === 'slept' || event === 'offline' || event === 'online' || event === 'error') add(event, at);
    if (event !== 'connection') continue;
    if (LIVE.has(to)) {
      if (!LIVE.has(from)) add('works', at);
      liveSince ??= at;
    } else if (LIVE.has(from)) {
      add(endOf(on, code), at, liveSince === null ? null : at - liveSince);
      liveSince = null;
    } else if (to === 'waiting' || to === 'halted' || to === 'asking') {
      if (!ASKED.has(on)) add(to === 'halted' ? 'signed_out' : from === 'opening' ? 'not_opened' : 'no_answer', at);
    }
    if (to === 'opening') code = null;
  }
  return moments.toReversed();
}

function endOf(on: string, code: number | null): What {
  if (ASKED.has(on)) return 'paused';
  if (on === 'refused') return 'signed_out';
  if (on === 'going_away' || (code !== null && RESTARTS.has(code))) return 'restarted';
  return on === 'timeout' || on === 'zombie' || code === SILENT ? 'no_sign_of_life' : 'cut';
}

/** Since when the WebSocket works, or does not; null where the recorder does not reach back so far. */
export function sinceOf(history: readonly Moment[], works: boolean): number | null {
  const change = history.find(({ what, lived }) => what === 'works' || lived !== null);
  return change && (change.what === 'works') === works ? change.to : null;
}

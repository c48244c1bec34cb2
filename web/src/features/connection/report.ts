/** The report that a person copies: what the page shows, and the recorder's lines. Pure. */
import type { Connection } from '@backchannel/client';
import type { Cause } from './causes.ts';
import type { Moment } from './history.ts';
import { happened, stateOf } from './words.ts';

export interface Reported {
  readonly connection: Connection;
  readonly history: readonly Moment[];
  readonly causes: readonly Cause[];
  /** Of the recorder, oldest first. */
  readonly lines: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** As the browser names itself. */
  readonly browser: string;
}

const iso = (at: number): string => new Date(at).toISOString();

export function reportOf({ connection, history, causes, lines, now, browser }: Reported): string {
  const { status, transport, reason, waiting } = connection;
  return [
    `Connection report, ${iso(now)}`,
    browser,
    `${stateOf(connection).title} (${status}, ${transport ?? 'nothing'}${reason ? `, ${reason}` : ''}); ${waiting} waiting to be sent`,
    '',
    'Why, as the server saw it (24 hours):',
    ...causes.map(({ cause, count, at }) => `${iso(at)}  ${cause}, ${count} times`),
    '',
    'What happened, newest first:',
    ...history.map((moment) => `${iso(moment.to)}  ${happened(moment)}`),
    '',
    'Recorder (age in ms, event):',
    ...lines,
  ].join('\n');
}

/** What the page of the connection says, for a person who does not run the server. */
import type { Connection } from '@backchannel/client';
import type { Moment, What } from './history.ts';

/** The state in a sentence, and what to do about it. */
export function stateOf({ status, transport, reason }: Pick<Connection, 'status' | 'transport' | 'reason'>): {
  readonly title: string;
  readonly advice: string;
} {
  if (status === 'connected')
    return { title: 'Connected', advice: 'Messages arrive at once, over a WebSocket. Nothing needs to be done.' };
  if (transport === 'rest')
    return {
      title: 'Connected another way',
      advice:
        'The WebSocket does not work, so messages go by ordinary requests: none is lost, they may be a little slower. The app keeps trying. If it ' +
        'stays so, a VPN, a company proxy or a security program is the usual reason: try another network, or send the report below.',
    };
  if (status === 'error') return { title: 'Nothing gets through', advice: REASONS[reason ?? 'unreachable'] };
  return { title: 'Connecting', advice: 'The app is connecting. What you write meanwhile is kept and sent.' };
}

const REASONS: Readonly<Record<NonNullable<Connection['reason']>, string>> = {
  offline:
    'This device has no network. Check the Wi-Fi or the cable; what you write is kept and sent when you are back online.',
  unreachable:
    'The server does not answer. If other pages open, the server or the way to it is down: what you write is kept and sent when it is back.',
  signed_out: 'You are signed out. Sign in again; what you wrote is kept.',
  forbidden: 'The server does not allow this account or address. Ask its administrator.',
  update_required: 'This page is older than the server. Reload it.',
  superseded: 'The chat is open in a newer window. Use that one, or press “Try now” to use it here.',
};

const HAPPENED: Readonly<Record<What, string>> = {
  works: 'The WebSocket works',
  not_opened: 'The WebSocket could not be opened: something before the server refuses it, or does not answer',
  no_answer: 'The WebSocket opened, and nothing came through it',
  cut: 'The WebSocket was cut',
  restarted: 'The server restarted, or asked to reconnect',
  no_sign_of_life: 'The WebSocket went silent',
  paused: 'The WebSocket was closed here, to connect again',
  signed_out: 'The server refused: the sign-in has ended, or another window took over',
  slept: 'This device slept, or the browser paused this page',
  offline: 'This device had no network',
  online: 'This device has a network again',
  error: 'An error occurred in the app',
};

export function happened({ what, lived, times }: Moment): string {
  const after = lived === null ? '' : `, after ${longOf(lived)}`;
  return `${HAPPENED[what]}${after}${times > 1 ? ` (${times} times)` : ''}.`;
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const dated = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' });

/** The time; with its day if that is not the day of `now`. */
export const timeOf = (at: number, now = Date.now()): string =>
  (new Date(at).toDateString() === new Date(now).toDateString() ? clock : dated).format(at);

export function longOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/** A cause that the server named (docs/reference/causes.md), and what a person can do about it. */
export const CAUSES: Readonly<Record<string, string>> = {
  blocked_before:
    'Something before the server refuses WebSockets: a firewall, a proxy or a security program. Another network may help.',
  upgrade_stripped:
    'A proxy on the way removes what makes a WebSocket. Report it to the administrator; another network may help.',
  swallowed_up: 'What this device sends over the WebSocket is lost on the way. Another network may help.',
  swallowed_down: 'What the server sends over the WebSocket is lost on the way. Another network may help.',
  idle_cut: 'A proxy cuts connections after the same time. Report it to the administrator.',
  restart: 'The server restarted.',
  slow: 'This device or its network was too slow to take what the server sent.',
  asleep: 'This device slept.',
  offline: 'This device had no network.',
  refused_auth: 'The sign-in had ended.',
  refused_origin: 'The server does not know the address of this page. Report it to the administrator.',
  refused_busy: 'The server was too busy, or too many windows were open.',
  unknown: 'The server could not tell why.',
};

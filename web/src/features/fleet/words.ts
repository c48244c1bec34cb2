/** Numbers and times as the page of the fleet shows them. */

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

export const momentOf = (iso: string): string => moment.format(Date.parse(iso));
export const clockOf = (at: number): string => clock.format(at);
export const percent = (share: number): string => `${Math.round(share * 100)} %`;

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

export function bytesOf(count: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  const value = count / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}

/** `null` is longer than what is counted. */
export const secondsOf = (seconds: number | null): string =>
  seconds === null ? '> 300 s' : seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds} s`;

/** How long ago, in the largest unit that fits. */
export function agoOf(iso: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} days ago`;
}

/** What to do about it: docs/reference/causes.md. */
export const CAUSES: Readonly<Record<string, string>> = {
  blocked_before: 'blocked before the server',
  upgrade_stripped: 'upgrade stripped by a proxy',
  swallowed_up: 'frames to the server lost',
  swallowed_down: 'frames to the client lost',
  idle_cut: 'cut after the same time',
  restart: 'server restarted',
  slow: 'client too slow',
  asleep: 'device asleep',
  offline: 'device offline',
  refused_auth: 'sign-in refused',
  refused_origin: 'origin refused',
  refused_busy: 'server overloaded',
  unknown: 'unknown',
};

export const causeOf = (word: string): string => CAUSES[word] ?? word;

/** Times to come: those that are offered, those that are typed, and their words. In the time zone of the device; ms since 1970. */
import { clockTime, dateText, dayOf, daysBetween } from '../../ui/time.ts';

export interface Suggestion {
  readonly label: string;
  readonly at: number;
}

const HOUR_MS = 3_600_000;
const MORNING = 9;
const EVENING = 18;
/** The server's limit is 366 days. */
const DAYS_AHEAD = 365;
const MONDAY = 1;

/** What is offered at `now`, the earliest first. */
export function suggestions(now: number): readonly Suggestion[] {
  const hour = new Date(now).getHours();
  const weekday = new Date(now).getDay();
  const toMonday = (MONDAY - weekday + 7) % 7 || 7;
  const times = [
    { label: 'In an hour', at: toMinute(now + HOUR_MS) },
    // Two hours ahead at least: otherwise "In an hour" is as good.
    ...(hour < MORNING - 1 ? [at('Today', now, 0, MORNING)] : []),
    ...(hour < EVENING - 1 ? [at('Today', now, 0, EVENING)] : []),
    at('Tomorrow', now, 1, MORNING),
    ...(toMonday > 1 ? [at(toMonday === 7 ? 'Next Monday' : 'Monday', now, toMonday, MORNING)] : []),
  ];
  return times.sort((one, two) => one.at - two.at);
}

function at(day: string, now: number, days: number, hour: number): Suggestion {
  const date = new Date(now);
  const time = new Date(date.getFullYear(), date.getMonth(), date.getDate() + days, hour).getTime();
  return { label: `${day} at ${clockTime(time)}`, at: time };
}

/** "today at 9:00", "tomorrow at 9:00", "on Monday, 7 December at 9:00", within a sentence. */
export function whenText(time: number, now: number): string {
  const ahead = daysBetween(now, time);
  const day = ahead === 0 ? 'today' : ahead === 1 ? 'tomorrow' : `on ${dateText(time, now)}`;
  return `${day} at ${clockTime(time)}`;
}

/** As the browser's fields for a date and a time take them. */
export interface Fields {
  readonly date: string;
  readonly time: string;
}

export function toFields(time: number): Fields {
  const date = new Date(time);
  const [month, day, hours, minutes] = [date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes()].map(
    (part) => String(part).padStart(2, '0'),
  );
  return { date: `${date.getFullYear()}-${month}-${day}`, time: `${hours}:${minutes}` };
}

/**
 * The time that the fields name; null while they name none. A time that a change to summer time skips is the one an hour later, and of
 * one that a change back repeats it is the first.
 */
export function fromFields({ date, time }: Fields): number | null {
  const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date)?.slice(1).map(Number);
  const clock = /^(\d\d):(\d\d)/.exec(time)?.slice(1).map(Number);
  if (!day || !clock) return null;
  const [year = 0, month = 0, dayOfMonth = 0] = day;
  return new Date(year, month - 1, dayOfMonth, clock[0], clock[1]).getTime();
}

/** Why a message cannot be scheduled for `time`; null if it can. */
export function problemOf(time: number | null, now: number): string | null {
  if (time === null) return 'Choose a date and a time.';
  if (time <= now) return 'This time has passed. Choose a later one.';
  return time > lastDay(now) + 24 * HOUR_MS ? 'This is more than a year ahead. Choose an earlier time.' : null;
}

/** The last day that can be chosen. */
export function lastDay(now: number): number {
  const date = new Date(dayOf(now));
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + DAYS_AHEAD - 1).getTime();
}

/** The next full hour that is at least an hour ahead: what the fields begin with. */
export function nextHour(now: number): number {
  const date = new Date(now + HOUR_MS);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate(), date.getHours() + 1).getTime();
}

/** For example "Europe/Berlin, GMT+1", as it is at `time`. */
export function zoneText(time: number): string {
  const format = new Intl.DateTimeFormat(undefined, { timeZoneName: 'shortOffset' });
  const offset = format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value;
  const zone = format.resolvedOptions().timeZone.replaceAll('_', ' ');
  return offset === undefined || offset === zone ? zone : `${zone}, ${offset}`;
}

function toMinute(time: number): number {
  return Math.ceil(time / 60_000) * 60_000;
}

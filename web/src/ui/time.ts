/**
 * Times as people of this place read them. Formatters are costly to make, so each is made once. A time that is none (`NaN`)
 * is said as nothing, where a formatter would throw.
 */

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const dayMonth = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const longDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const longDayYear = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

/** Midnight of the day `at` falls on, in this time zone; equal for two times of the same day. */
export function dayOf(at: number): number {
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** Midnight at the end of the day `at` falls on: when the next one begins. */
export function dayAfter(at: number): number {
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime();
}

/** Whole days between the two, by the calendar: across a change of the clocks as well. */
export function daysBetween(earlier: number, later: number): number {
  return Math.round((dayOf(later) - dayOf(earlier)) / 86_400_000);
}

const say = (format: Intl.DateTimeFormat, at: number): string => (isTime(at) ? format.format(at) : '');
/** What `Date` can hold. */
const isTime = (at: number): boolean => Math.abs(at) <= 8.64e15;

/** For machines; undefined where it is none. */
export function isoTime(at: number): string | undefined {
  return isTime(at) ? new Date(at).toISOString() : undefined;
}

export function clockTime(at: number): string {
  return say(clock, at);
}

/** Hours and minutes alone, for a column that has no room for "PM", "μ.μ." or "หลังเที่ยง". */
export function narrowTime(at: number, format: Intl.DateTimeFormat = clock): string {
  if (!isTime(at)) return '';
  const parts = format.formatToParts(at);
  const hour = parts.findIndex((part) => part.type === 'hour');
  const minute = parts.findIndex((part) => part.type === 'minute');
  return parts
    .slice(Math.min(hour, minute), Math.max(hour, minute) + 1)
    .map((part) => part.value)
    .join('');
}

export function fullTime(at: number): string {
  return say(full, at);
}

/** "Today", "Yesterday", "Monday, 3 November", with the year where it is another. */
export function dayLabel(at: number, now: number): string {
  const ago = daysBetween(at, now);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? say(longDay, at) : say(longDayYear, at);
}

/** For a narrow column: time today, "Yesterday", weekday this week, then the date. */
export function briefTime(at: number, now: number): string {
  const ago = daysBetween(at, now);
  if (ago <= 0) return say(clock, at);
  if (ago === 1) return 'Yesterday';
  if (ago < 7) return say(weekday, at);
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? say(dayMonth, at) : say(shortDate, at);
}

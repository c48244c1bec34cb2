/**
 * Formats times in the user's locale. Times are in ms since 1970. Formatters are expensive to create, so each is
 * created once. An invalid time (`NaN`) gives an empty string, where a formatter would throw.
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

/** Local midnight at the start of the day of `at`; equal for two times of the same day. */
export function dayOf(at: number): number {
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** Local midnight at the end of the day of `at`. */
export function dayAfter(at: number): number {
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime();
}

/** The local day of `at` as a date field has it: "2026-11-30". */
export function dateValue(at: number): string {
  const date = new Date(at);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Local midnight at the start of the day in a date field; null if it holds none. */
export function dayOfValue(value: string): number | null {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? [];
  if (year === undefined) return null;
  const at = new Date(Number(year), Number(month) - 1, Number(day));
  // Not 19xx for the years 0 to 99, which a field has while the year is typed.
  at.setFullYear(Number(year));
  return dateValue(at.getTime()) === value ? at.getTime() : null;
}

/** Calendar days between two times, also across a change to or from summer time. */
export function daysBetween(earlier: number, later: number): number {
  return Math.round((dayOf(later) - dayOf(earlier)) / 86_400_000);
}

const formatTime = (format: Intl.DateTimeFormat, at: number): string => (isTime(at) ? format.format(at) : '');
/** Whether `Date` can represent it. */
const isTime = (at: number): boolean => Math.abs(at) <= 8.64e15;

/** ISO 8601, for `<time>`; undefined if the time is invalid. */
export function isoTime(at: number): string | undefined {
  return isTime(at) ? new Date(at).toISOString() : undefined;
}

export function clockTime(at: number): string {
  return formatTime(clock, at);
}

/** Hours and minutes only, for a column without space for "PM", "μ.μ." or "หลังเที่ยง". */
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
  return formatTime(full, at);
}

/** "Monday, 3 November", with the year if it is not the current one. */
export function dateText(at: number, now: number): string {
  return formatTime(new Date(at).getFullYear() === new Date(now).getFullYear() ? longDay : longDayYear, at);
}

/** "Today", "Yesterday" or "Monday, 3 November", with the year if it is not the current one. */
export function dayLabel(at: number, now: number): string {
  const ago = daysBetween(at, now);
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  return dateText(at, now);
}

/** For a narrow column: the time today, "Yesterday", the weekday within a week, else the date. */
export function briefTime(at: number, now: number): string {
  const ago = daysBetween(at, now);
  if (ago <= 0) return formatTime(clock, at);
  if (ago === 1) return 'Yesterday';
  if (ago < 7) return formatTime(weekday, at);
  return new Date(at).getFullYear() === new Date(now).getFullYear()
    ? formatTime(dayMonth, at)
    : formatTime(shortDate, at);
}

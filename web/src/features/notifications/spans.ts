/** How long something is silenced, from a time. */
interface Span {
  readonly label: string;
  readonly until: (from: Date) => Date;
}

const MINUTE_MS = 60_000;

const after = (label: string, minutes: number): Span => ({
  label,
  until: (from) => new Date(from.getTime() + minutes * MINUTE_MS),
});

/** By the clock of this device, also where the day has 23 or 25 hours. */
const TOMORROW: Span = {
  label: 'Until tomorrow, 8:00',
  until: (from) => new Date(from.getFullYear(), from.getMonth(), from.getDate() + 1, 8),
};

export const MUTES: readonly Span[] = [after('1 hour', 60), after('8 hours', 480), TOMORROW, after('1 week', 10_080)];

export const UNDISTURBED: readonly Span[] = [
  after('30 minutes', 30),
  after('1 hour', 60),
  after('4 hours', 240),
  TOMORROW,
];

/** "15:20" today, "Tue 15:20" within a week, a date beyond. */
export function timeInWords(at: number, now: number): string {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  const isNear = at - now < 6 * 24 * 60 * MINUTE_MS;
  return new Intl.DateTimeFormat(undefined, {
    ...(!isToday && (isNear ? { weekday: 'short' } : { day: 'numeric', month: 'short' })),
    hour: '2-digit',
    minute: '2-digit',
  }).format(at);
}

import type { MyNotifications } from '@backchannel/client';

type QuietHours = NonNullable<MyNotifications['quiet_hours']>;

/** Whether the user is not to be disturbed at a time (ms since 1970). As the server decides it for push messages. */
export const isUndisturbed = ({ dnd_until, quiet_hours }: MyNotifications, now: number): boolean =>
  (dnd_until !== null && Date.parse(dnd_until) > now) || (quiet_hours !== null && isQuietHour(quiet_hours, now));

/** `days` are those on which quiet hours begin, 1 for Monday; they end on the next day where `end` is not after `start`. */
function isQuietHour({ zone, days, start, end }: QuietHours, now: number): boolean {
  const local = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now);
  const part = (name: string) => local.find(({ type }) => type === name)?.value ?? '';
  const clock = `${part('hour')}:${part('minute')}`;
  const today = DAYS.indexOf(part('weekday')) + 1;
  if (start < end) return days.includes(today) && start <= clock && clock < end;
  const yesterday = ((today + 5) % 7) + 1;
  return (days.includes(today) && clock >= start) || (days.includes(yesterday) && clock < end);
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

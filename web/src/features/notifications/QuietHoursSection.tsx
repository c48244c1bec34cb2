import type { MyNotifications } from '@backchannel/client';
import { Choice } from '../../ui/Choice.tsx';
import { cx } from '../../ui/classes.ts';
import { inputLook } from '../../ui/inputLook.ts';
import type { Save } from './useMyNotifications.ts';

type QuietHours = NonNullable<MyNotifications['quiet_hours']>;

/** 1 is Monday; 5 January 2026 was one. */
const DAYS = [1, 2, 3, 4, 5, 6, 7].map((day) => {
  const date = new Date(2026, 0, 4 + day);
  const named = (weekday: 'short' | 'long') => new Intl.DateTimeFormat(undefined, { weekday }).format(date);
  return { day, short: named('short'), long: named('long') };
});

const nights = (): QuietHours => ({
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  days: DAYS.map(({ day }) => day),
  start: '22:00',
  end: '07:00',
});

interface QuietHoursSectionProps {
  readonly hours: MyNotifications['quiet_hours'];
  readonly save: Save;
}

/** Hours in which nothing notifies, on days of the week. */
export function QuietHoursSection({ hours, save }: QuietHoursSectionProps) {
  return (
    <section aria-labelledby="quiet-hours">
      <h3 id="quiet-hours" className="mb-1 font-medium">
        Quiet hours
      </h3>
      <Choice
        type="checkbox"
        label="Notify me of nothing in the hours that I choose"
        hint={hours ? `By the clock of ${hours.zone.replaceAll('_', ' ')}.` : undefined}
        checked={hours !== null}
        onChoose={() => void save({ quiet_hours: hours ? null : nights() })}
      />
      {hours && <Hours hours={hours} save={save} />}
    </section>
  );
}

function Hours({ hours, save }: { readonly hours: QuietHours; readonly save: Save }) {
  const change = (part: Partial<QuietHours>) => void save({ quiet_hours: { ...hours, ...part } });
  const toggle = (day: number) => {
    const days = hours.days.includes(day) ? hours.days.filter((each) => each !== day) : [...hours.days, day];
    // Without a day there are no quiet hours: the box above says so better.
    if (days.length > 0) change({ days });
  };
  return (
    <div className="mt-1 flex flex-col gap-3 pl-9">
      <div className="flex flex-wrap items-center gap-2">
        {(['start', 'end'] as const).map((which) => (
          <label key={which} className="flex items-center gap-2 text-ink-soft">
            {which === 'start' ? 'From' : 'to'}
            <input
              type="time"
              value={hours[which]}
              className={cx(inputLook, 'h-10 w-auto')}
              onChange={({ target }) => target.value && change({ [which]: target.value })}
            />
          </label>
        ))}
      </div>
      <div role="group" aria-label="On nights that begin on" className="flex flex-wrap gap-1.5">
        {DAYS.map(({ day, short, long }) => (
          <button
            key={day}
            type="button"
            aria-label={long}
            aria-pressed={hours.days.includes(day)}
            onClick={() => toggle(day)}
            className="h-8 min-w-11 rounded-md border border-line-strong px-2 text-sm text-ink-soft hover:bg-hover aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-ink pointer-coarse:h-10"
          >
            {short}
          </button>
        ))}
      </div>
    </div>
  );
}

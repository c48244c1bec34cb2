import { Button } from '../../ui/Button.tsx';
import { useNow } from '../../ui/useNow.ts';
import { timeInWords, UNDISTURBED } from './spans.ts';
import type { Save } from './useMyNotifications.ts';

interface UndisturbedSectionProps {
  readonly until: string | null;
  readonly save: Save;
}

/** Do-not-disturb, for a while. */
export function UndisturbedSection({ until, save }: UndisturbedSectionProps) {
  const now = useNow();
  const isOn = until !== null && Date.parse(until) > now;
  return (
    <section aria-labelledby="undisturbed">
      <h3 id="undisturbed" className="font-medium">
        Do not disturb
      </h3>
      {isOn ? (
        <div className="mt-1 flex flex-wrap items-center justify-between gap-2">
          <p className="text-ink-soft">Nothing notifies you until {timeInWords(Date.parse(until), now)}.</p>
          <Button size="sm" onClick={() => void save({ dnd_until: null })}>
            Turn off
          </Button>
        </div>
      ) : (
        <div className="mt-2 flex flex-wrap gap-2">
          {UNDISTURBED.map(({ label, until: end }) => (
            <Button
              key={label}
              size="sm"
              className="pointer-coarse:h-10"
              onClick={() => void save({ dnd_until: end(new Date()).toISOString() })}
            >
              {label}
            </Button>
          ))}
        </div>
      )}
    </section>
  );
}

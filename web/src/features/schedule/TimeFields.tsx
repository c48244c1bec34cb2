import { useId } from 'react';
import { inputLook } from '../../ui/inputLook.ts';
import { cx } from '../../ui/classes.ts';
import { type Fields, fromFields, lastDay, problemOf, toFields, whenText, zoneText } from './times.ts';

interface TimeFieldsProps {
  readonly value: Fields;
  readonly onChange: (value: Fields) => void;
  readonly now: number;
}

const LOOK = cx(inputLook, 'h-10 [color-scheme:inherit]');

/** A date and a time of the person's own clock, and below them what that means, or why it cannot be. */
export function TimeFields({ value, onChange, now }: TimeFieldsProps) {
  const id = useId();
  const time = fromFields(value);
  const problem = problemOf(time, now);
  const described = { 'aria-describedby': `${id}-note`, 'aria-invalid': problem !== null || undefined };
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex gap-3">
        <label className="flex flex-3 flex-col gap-1.5 font-medium">
          Date
          <input
            type="date"
            required
            min={toFields(now).date}
            max={toFields(lastDay(now)).date}
            value={value.date}
            onChange={(event) => onChange({ ...value, date: event.target.value })}
            className={LOOK}
            {...described}
          />
        </label>
        <label className="flex flex-2 flex-col gap-1.5 font-medium">
          Time
          <input
            type="time"
            required
            value={value.time}
            onChange={(event) => onChange({ ...value, time: event.target.value })}
            className={LOOK}
            {...described}
          />
        </label>
      </div>
      <p id={`${id}-note`} role="status" className={cx('text-xs', problem === null ? 'text-ink-faint' : 'text-danger')}>
        {problem ?? (time !== null && `Sent ${whenText(time, now)} (${zoneText(time)}).`)}
      </p>
    </div>
  );
}

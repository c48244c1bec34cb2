import { type ComponentProps, type ReactNode, useId } from 'react';
import { cx } from './classes.ts';
import { inputLook } from './inputLook.ts';

interface FieldProps extends ComponentProps<'input'> {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
  /** Shown at the end of the label's line, such as "optional" or a link. */
  readonly aside?: ReactNode;
  /** Shown inside the field at its end, and after it in the tab order. */
  readonly end?: ReactNode;
}

export function Field({ label, hint, error, aside, end, className, id, ...rest }: FieldProps) {
  const generated = useId();
  const field = id ?? generated;
  const described = [error && `${field}-error`, hint && `${field}-hint`].filter(Boolean).join(' ');
  return (
    <div className={cx('flex flex-col gap-1.5', className)}>
      <div className="flex items-baseline justify-between gap-3">
        <label htmlFor={field} className="font-medium text-ink">
          {label}
        </label>
        {aside && <span className="text-xs text-ink-faint">{aside}</span>}
      </div>
      <div className="relative">
        <input
          id={field}
          {...rest}
          aria-invalid={error ? true : undefined}
          aria-describedby={described || undefined}
          className={cx(inputLook, 'h-10', end !== undefined && 'pr-16')}
        />
        {end}
      </div>
      {error && (
        <p id={`${field}-error`} className="text-xs text-danger">
          {error}
        </p>
      )}
      {hint && !error && (
        <p id={`${field}-hint`} className="text-xs text-ink-faint">
          {hint}
        </p>
      )}
    </div>
  );
}

import { type ReactNode, useId } from 'react';

interface ChoiceProps {
  readonly type: 'radio' | 'checkbox';
  readonly name?: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChoose: () => void;
  readonly label: ReactNode;
  readonly hint?: ReactNode;
}

/** A radio button or a checkbox with its label, and a line that explains it. */
export function Choice({ type, name, checked, disabled = false, onChoose, label, hint }: ChoiceProps) {
  const described = useId();
  return (
    <label className="flex items-start gap-3 rounded-md px-2 py-1.5 hover:bg-hover has-disabled:opacity-60 pointer-coarse:py-2.5">
      <input
        type={type}
        name={name}
        checked={checked}
        disabled={disabled}
        onChange={onChoose}
        aria-describedby={hint ? described : undefined}
        className="mt-0.5 size-4 shrink-0 accent-accent"
      />
      <span className="min-w-0">
        <span className="block">{label}</span>
        {hint && (
          <span id={described} className="block text-sm text-ink-faint">
            {hint}
          </span>
        )}
      </span>
    </label>
  );
}

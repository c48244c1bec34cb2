import type { ComponentProps, ReactNode } from 'react';
import { cx } from './classes.ts';
import { Spinner } from './Spinner.tsx';

const looks = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong',
  quiet: 'bg-raised text-ink border border-line-strong hover:bg-hover',
  ghost: 'text-ink-soft hover:bg-hover hover:text-ink',
  danger: 'bg-danger text-on-danger hover:opacity-90',
} as const;

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: keyof typeof looks;
  readonly size?: 'sm' | 'md' | 'lg';
  /** Shows a spinner and disables the button, so that a second press does nothing. */
  readonly busy?: boolean;
}

const sizes = { sm: 'h-8 px-3 text-sm', md: 'h-9 px-3.5 text-sm', lg: 'h-11 px-5 text-base' } as const;

export function Button({
  look = 'quiet',
  size = 'md',
  busy = false,
  className,
  children,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={cx(
        'inline-flex shrink-0 items-center justify-center gap-2 rounded-md font-medium select-none',
        'transition-colors duration-(--quick) disabled:cursor-not-allowed disabled:opacity-55',
        looks[look],
        sizes[size],
        className,
      )}
    >
      {busy && <Spinner className="size-4" />}
      {children}
    </button>
  );
}

interface IconButtonProps extends ComponentProps<'button'> {
  /** The accessible name, also shown as a tooltip. */
  readonly label: string;
  readonly tip?: 'above' | 'below' | 'none';
  readonly children: ReactNode;
}

export function IconButton({ label, tip = 'above', className, children, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      {...(tip !== 'none' && { 'data-tip': label, 'data-tip-side': tip })}
      {...rest}
      className={cx(
        'inline-flex size-8 shrink-0 items-center justify-center rounded-md text-ink-soft select-none pointer-coarse:size-10',
        'transition-colors duration-(--quick) hover:bg-hover hover:text-ink disabled:opacity-45 aria-expanded:bg-hover aria-expanded:text-ink',
        '[&_svg]:size-[1.125rem]',
        className,
      )}
    >
      {children}
    </button>
  );
}

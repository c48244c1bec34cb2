import { cx } from './classes.ts';

export function Spinner({ className }: { readonly className?: string }) {
  return (
    <svg viewBox="0 0 20 20" fill="none" aria-hidden="true" className={cx('animate-spin', className ?? 'size-5')}>
      <circle cx="10" cy="10" r="8" stroke="currentColor" strokeWidth="2.2" opacity="0.22" />
      <path d="M10 2a8 8 0 0 1 8 8" stroke="currentColor" strokeWidth="2.2" strokeLinecap="round" />
    </svg>
  );
}

import type { PresenceState } from '@backchannel/client';
import { cx } from './classes.ts';

const labels = { online: 'online', away: 'away', offline: 'offline', unknown: 'presence unknown' } as const;

/** Filled: online. Half: away. Ring: offline. Broken ring: unknown. The shape differs as well as the colour. */
export function PresenceDot({
  state,
  className,
  silent = false,
}: {
  readonly state: PresenceState | 'unknown' | undefined;
  /** Hidden from screen readers, where the state is also shown as text. */
  readonly silent?: boolean;
  readonly className?: string;
}) {
  const at = state ?? 'offline';
  return (
    <svg
      viewBox="0 0 10 10"
      {...(silent ? { 'aria-hidden': true } : { role: 'img', 'aria-label': labels[at] })}
      className={cx('size-2.5 shrink-0', className)}
    >
      {at === 'online' && <circle cx="5" cy="5" r="4.4" fill="var(--c-ok)" />}
      {at !== 'online' && (
        <circle
          cx="5"
          cy="5"
          r="3.6"
          fill="none"
          strokeWidth="1.6"
          strokeDasharray={at === 'unknown' ? '2.2 1.57' : undefined}
          stroke={at === 'away' ? 'var(--c-away)' : 'var(--c-line-strong)'}
        />
      )}
      {at === 'away' && <path d="M5 1.4a3.6 3.6 0 0 1 0 7.2z" fill="var(--c-away)" />}
    </svg>
  );
}

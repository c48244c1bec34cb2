import { MessagesSquare } from 'lucide-react';
import { cx } from '../../ui/classes.ts';

interface ThreadBadgeProps {
  readonly unread: number;
  readonly mentions: number;
}

/** The number of unread replies in followed threads. Its link names it. */
export function ThreadBadge({ unread, mentions }: ThreadBadgeProps) {
  if (unread === 0) return null;
  return (
    <span
      aria-hidden="true"
      className={cx(
        'tabular flex shrink-0 items-center gap-1 rounded-full px-1.5 text-2xs font-semibold',
        mentions > 0 ? 'bg-ember text-on-ember' : 'bg-press text-ink-soft',
      )}
    >
      <MessagesSquare className="size-2.5" />
      {unread > 99 ? '99+' : unread}
    </span>
  );
}

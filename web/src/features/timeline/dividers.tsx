import { cx } from '../../ui/classes.ts';
import { clockTime } from '../../ui/time.ts';

interface DayDividerProps {
  readonly label: string;
  /** Left out where the messages are not those of a room. */
  readonly onJumpToDate?: () => void;
}

export function DayDivider({ label, onJumpToDate }: DayDividerProps) {
  return (
    <div className="flex items-center gap-3 px-3 pt-5 pb-2 md:px-5">
      <span className="h-px flex-1 bg-line" />
      {/* No button: a feed may have nothing to press outside of its articles. By keyboard it is in the menu of the room. */}
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- as said above */}
      <span
        {...(onJumpToDate && { title: 'Jump to date', onClick: onJumpToDate })}
        className={cx(
          '-my-1 rounded-full px-2 py-1 text-xs font-medium text-ink-faint',
          onJumpToDate && 'cursor-pointer hover:bg-hover hover:text-ink',
        )}
      >
        {label}
      </span>
      <span className="h-px flex-1 bg-line" />
    </div>
  );
}

/** A join, a departure, another name or topic. */
export function MembershipDivider({ text, at }: { readonly text: string; readonly at: number }) {
  return (
    <p className="px-3 py-1.5 text-xs break-words text-ink-faint md:px-5" data-testid="membership-line">
      <span className="pl-12">
        {text} · <time dateTime={new Date(at).toISOString()}>{clockTime(at)}</time>
      </span>
    </p>
  );
}

export function UnreadDivider({ count }: { readonly count: string | null }) {
  return (
    <div className="flex items-center gap-2.5 px-3 pt-2 pb-1 md:px-5" data-testid="unread-line">
      <span className="h-px flex-1 bg-ember opacity-60" />
      <span className="text-xs font-semibold text-ember">
        New
        {count !== null && (
          <span className="tabular">
            {' · '}
            {count}
          </span>
        )}
        <span className="sr-only">{count === '1' ? ' message' : ' messages'}</span>
      </span>
    </div>
  );
}

import type { TimelineView } from '@backchannel/client';
import { ArrowDown } from 'lucide-react';
import { clockTime } from '../../ui/time.ts';
import { Spinner } from '../../ui/Spinner.tsx';

export function DayLine({ label }: { readonly label: string }) {
  return (
    <div className="flex items-center gap-3 px-3 pt-5 pb-2 md:px-5">
      <span className="h-px flex-1 bg-line" />
      <span className="text-xs font-medium text-ink-faint">{label}</span>
      <span className="h-px flex-1 bg-line" />
    </div>
  );
}

/** Somebody came or went. */
export function ComingLine({ text, at }: { readonly text: string; readonly at: number }) {
  return (
    <p className="px-3 py-1.5 text-xs break-words text-ink-faint md:px-5" data-testid="coming-line">
      <span className="pl-12">
        {text} · <time dateTime={new Date(at).toISOString()}>{clockTime(at)}</time>
      </span>
    </p>
  );
}

export function UnreadLine({ count }: { readonly count: string | null }) {
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

/** Over the top edge: that older messages are on their way, or could not be had. */
export function TopNote({ view, onRetry }: { readonly view: TimelineView; readonly onRetry: () => void }) {
  const failed = view.error !== null && view.messages.length > 0;
  if (view.loading !== 'older' && !failed) return null;
  return (
    <div className="bc-pill absolute inset-x-0 z-10 mx-auto w-fit rounded-full bg-raised px-3 py-1.5 text-xs text-ink-soft shadow-float">
      {failed ? (
        <span role="alert">
          Messages could not be loaded.{' '}
          <button type="button" onClick={onRetry} className="font-semibold text-accent hover:underline">
            Try again
          </button>
        </span>
      ) : (
        <span className="flex items-center gap-2">
          <Spinner className="size-3.5" /> Loading
        </span>
      )}
    </div>
  );
}

/** The way back to the end, with how much came there meanwhile. */
export function LatestButton({ count, onClick }: { readonly count: number; readonly onClick: () => void }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="bc-pill-low absolute right-5 bottom-3 z-10 flex h-9 animate-rise items-center gap-1.5 rounded-full bg-raised px-3.5 text-sm font-medium text-ink-soft shadow-float hover:text-ink pointer-coarse:h-10"
    >
      <ArrowDown className="size-4" aria-hidden="true" />
      {count > 0 ? (
        <span className="text-accent">
          {count >= 100 ? '99+' : count} new {count === 1 ? 'message' : 'messages'}
        </span>
      ) : (
        'Latest'
      )}
    </button>
  );
}

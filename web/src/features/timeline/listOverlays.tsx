import type { TimelineView } from '@backchannel/client';
import { ArrowDown } from 'lucide-react';
import { Spinner } from '../../ui/Spinner.tsx';

/** At the top of the list: older messages are loading, or could not be loaded. */
export function LoadStatusPill({ view, onRetry }: { readonly view: TimelineView; readonly onRetry: () => void }) {
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

/** Scrolls to the end; shows how many messages have arrived there. */
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

import { ArrowUp } from 'lucide-react';

interface UnreadBarProps {
  readonly count: number;
  readonly onJump: () => void;
  readonly onMarkRead: () => void;
}

/** Shown while the first unread message is older than the loaded ones. */
export function UnreadBar({ count, onJump, onMarkRead }: UnreadBarProps) {
  const many = count >= 100 ? '99+' : count;
  return (
    <div className="bc-pill absolute inset-x-0 z-20 mx-auto flex w-fit animate-rise items-center rounded-full bg-accent pl-1 text-sm font-medium text-on-accent shadow-float">
      <button
        type="button"
        onClick={onJump}
        className="flex h-8 items-center gap-1.5 rounded-full px-2.5 hover:underline"
      >
        <ArrowUp className="size-4" aria-hidden="true" />
        {many} new {count === 1 ? 'message' : 'messages'} · Jump
      </button>
      <button
        type="button"
        onClick={onMarkRead}
        className="h-8 rounded-r-full border-l border-on-accent/25 pr-3.5 pl-3 hover:underline"
      >
        Mark as read
      </button>
    </div>
  );
}

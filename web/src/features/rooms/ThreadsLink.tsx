import { MessagesSquare } from 'lucide-react';
import { Link } from 'wouter';
import { useChatState } from '../../app/chat.ts';
import { cx } from '../../ui/classes.ts';
import { ThreadBadge } from './ThreadBadge.tsx';

/** Above the rooms: leads to the threads that the user follows, with the sum of what is unread in them. */
export function ThreadsLink({ current }: { readonly current: boolean }) {
  const unread = useChatState((state) => state.rooms.reduce((sum, room) => sum + (room.thread_unread_count ?? 0), 0));
  const mentions = useChatState((state) =>
    state.rooms.reduce((sum, room) => sum + (room.thread_mention_count ?? 0), 0),
  );
  return (
    <nav aria-label="Overview">
      <Link
        href="/threads"
        aria-current={current ? 'page' : undefined}
        aria-label={unread > 0 ? `Threads, ${unread} unread` : 'Threads'}
        className={cx(
          'mx-2 mb-1 flex items-center gap-2.5 rounded-lg px-2 py-1.5 select-none pointer-coarse:py-2.5',
          current ? 'bg-accent-soft text-ink' : 'text-ink-soft hover:bg-hover',
        )}
      >
        <MessagesSquare className="mx-1 size-4.5 shrink-0" aria-hidden="true" />
        <span className={cx('flex-1', unread > 0 ? 'font-semibold text-ink' : 'font-medium')}>Threads</span>
        <ThreadBadge unread={unread} mentions={mentions} />
      </Link>
    </nav>
  );
}

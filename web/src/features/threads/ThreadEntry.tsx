import type { Room, Thread } from '@backchannel/client';
import { RoomName } from '../../app/RoomName.tsx';
import { roomLabel } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { PencilLine } from 'lucide-react';
import { Avatar } from '../../ui/Avatar.tsx';
import { cx } from '../../ui/classes.ts';
import { Name } from '../../ui/Name.tsx';
import { nameInText, truncate } from '../../ui/names.ts';
import { plainText } from '../../ui/plainText.ts';
import { useStore } from '../../ui/store.ts';
import { briefTime } from '../../ui/time.ts';
import { textOrNames } from '../files/messageText.ts';

interface ThreadEntryProps {
  readonly thread: Thread;
  /** Undefined for a room that the user has left. */
  readonly room: Room | undefined;
  readonly now: number;
  readonly onOpen: () => void;
}

/** One thread of the list: its first message, where it is, how many replies it has, and how many are unread. */
export function ThreadEntry({ thread, room, now, onOpen }: ThreadEntryProps) {
  const { user, drafts } = useSignedIn();
  const me = user.id;
  const hasDraft = useStore(drafts.replies, (all) => thread.root.id in all);
  const { root, unread_count, mention_count } = thread;
  const summary = root.thread_summary;
  const count = summary?.count ?? 0;
  const replies = count === 1 ? '1 reply' : `${count} replies`;
  const text = truncate(plainText(textOrNames(root)), 240) || 'Message deleted';
  const unread = unread_count > 99 ? '99+' : String(unread_count);
  const label = [
    `${nameInText(root.sender)}: ${truncate(text, 80)}`,
    ...(room ? [roomLabel(room, me)] : []),
    replies,
    ...(unread_count > 0 ? [`${unread} unread`] : []),
    ...(mention_count > 0 ? [`${mention_count} mentioning you`] : []),
    ...(hasDraft ? ['your draft'] : []),
  ].join(', ');
  return (
    <button
      type="button"
      aria-label={label}
      data-thread={root.id}
      onClick={onOpen}
      className="flex w-full gap-3 rounded-lg px-2 py-2 text-left hover:bg-hover"
    >
      <Avatar user={root.sender} className="mt-0.5 size-9 text-[0.8125rem]" />
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-2">
          <span className="max-w-[50%] shrink-0 truncate font-semibold">
            <Name of={root.sender} />
          </span>
          <span className="min-w-0 flex-1 truncate text-xs text-ink-faint">
            {room ? <RoomName room={room} me={me} /> : 'a room you left'}
          </span>
          <time dateTime={summary?.last_at ?? root.created_at} className="tabular shrink-0 text-2xs text-ink-faint">
            {briefTime(Date.parse(summary?.last_at ?? root.created_at), now)}
          </time>
        </span>
        <span dir="auto" className={cx('line-clamp-2 break-words', unread_count > 0 ? 'text-ink' : 'text-ink-soft')}>
          {text}
        </span>
        <span className="mt-0.5 flex items-center gap-2 text-xs">
          <span className="font-medium text-accent">{replies}</span>
          {unread_count > 0 && (
            <span
              className={cx(
                'tabular rounded-full px-1.5 text-2xs font-semibold',
                mention_count > 0 ? 'bg-ember text-on-ember' : 'bg-accent text-on-accent',
              )}
            >
              {mention_count > 0 && '@ '}
              {unread}
            </span>
          )}
          {hasDraft && (
            <span className="flex items-center gap-1 text-accent">
              <PencilLine className="size-3" aria-hidden="true" />
              Draft
            </span>
          )}
        </span>
      </span>
    </button>
  );
}

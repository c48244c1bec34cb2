import type { Message } from '@backchannel/client';
import { MessagesSquare, PencilLine } from 'lucide-react';
import { useKnownPeople } from '../../app/directory.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { openThread, showThread } from '../../app/threads.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { nameInText } from '../../ui/names.ts';
import { useStore } from '../../ui/store.ts';
import { briefTime } from '../../ui/time.ts';
import { useNow } from '../../ui/useNow.ts';

/** More faces say nothing more at this size. */
const FACES = 3;

const look =
  'mt-1 -ml-1 flex max-w-full items-center gap-1.5 rounded-md px-1 py-0.5 text-left text-xs hover:bg-hover pointer-coarse:min-h-9';

/** Whether the user has begun a reply in the thread, which the panel does not show now. */
function useHasDraft({ id }: Message): boolean {
  const { drafts } = useSignedIn();
  const isOpen = useStore(openThread, (open) => open?.root === id);
  return useStore(drafts.replies, (all) => id in all) && !isOpen;
}

/** The mark of a reply that was begun. */
function DraftMark() {
  return (
    <span className="flex shrink-0 items-center gap-1 text-accent">
      <PencilLine className="size-3" aria-hidden="true" />
      Draft
    </span>
  );
}

/**
 * Below the first message of a thread: how many replies it has, from whom, when the last one came, and whether the user has begun one, which
 * may be the first. Opens the thread.
 */
export function ThreadSummaryLine({ message }: { readonly message: Message }) {
  const known = useKnownPeople();
  const now = useNow();
  const hasDraft = useHasDraft(message);
  const summary = message.thread_summary;
  if (!summary || summary.count < 1) {
    if (!hasDraft) return null;
    return (
      <button
        type="button"
        className={look}
        aria-label="Your draft: open the thread"
        onClick={() => showThread(message)}
      >
        <DraftMark />
      </button>
    );
  }
  const people = summary.people.slice(0, FACES).flatMap((id) => known.get(id) ?? []);
  const count = summary.count === 1 ? '1 reply' : `${summary.count} replies`;
  const last = briefTime(Date.parse(summary.last_at), now);
  const names = people.map(nameInText).join(', ');
  return (
    <button
      type="button"
      className={look}
      aria-label={`${count}, ${names && `last by ${names}, `}${last}${hasDraft ? ', your draft' : ''}: open the thread`}
      onClick={() => showThread(message)}
    >
      <span className="flex shrink-0 -space-x-1" aria-hidden="true">
        {people.map((user) => (
          <Avatar key={user.id} user={user} className="size-5 text-[0.5625rem]" />
        ))}
      </span>
      <span className="shrink-0 font-semibold text-accent">{count}</span>
      <span className="tabular truncate text-ink-faint">{last}</span>
      {hasDraft && <DraftMark />}
    </button>
  );
}

/** At a reply that the room shows: that it belongs to a thread. Opens the thread there. */
export function ThreadOriginLine({ message }: { readonly message: Message }) {
  return (
    <button type="button" className={look} onClick={() => showThread(message)}>
      <MessagesSquare className="size-3.5 shrink-0 text-ink-faint" aria-hidden="true" />
      <span className="text-ink-soft">In a thread</span>
    </button>
  );
}

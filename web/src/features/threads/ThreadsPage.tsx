import type { Room, Thread } from '@backchannel/client';
import type { ThreadsChat } from '@backchannel/client/features/threads';
import { ArrowLeft, CheckCheck, MessagesSquare } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useChatState } from '../../app/chat.ts';
import { addPeopleFromMessages } from '../../app/directory.ts';
import { attempt } from '../../app/runCommand.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { openThread } from '../../app/threads.ts';
import { Button } from '../../ui/Button.tsx';
import { useStore } from '../../ui/store.ts';
import { Spinner } from '../../ui/Spinner.tsx';
import { toast } from '../../ui/Toasts.tsx';
import { useNow } from '../../ui/useNow.ts';
import { ThreadEntry } from './ThreadEntry.tsx';
import { type FollowedThreads, useFollowedThreads } from './useFollowedThreads.ts';

/** The threads that the user follows, the newest reply first. */
export function ThreadsPage() {
  const { threads } = useSignedIn();
  const loaded = useStore(threads.loaded, (value) => value);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => void threads.load(), [threads]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <main className="flex min-w-0 flex-1 flex-col bg-paper">
      <header className="safe-top z-20 shrink-0 border-b border-line">
        <div className="flex h-14 items-center gap-2 px-3 md:px-5">
          <Link
            href="/"
            aria-label="Back to rooms"
            className="-ml-1 grid size-10 place-items-center rounded-md text-ink-soft active:bg-hover md:hidden"
          >
            <ArrowLeft className="size-5" aria-hidden="true" />
          </Link>
          <h1
            ref={heading}
            id="room-title"
            tabIndex={-1}
            className="flex-1 text-base font-semibold tracking-tight outline-none"
          >
            Threads
          </h1>
          {loaded && <MarkAllRead threads={loaded} />}
        </div>
      </header>
      {loaded ? <List client={loaded} /> : <Loading />}
    </main>
  );
}

/** One command for each room with something unread in its threads: nothing is left that the list does not show. */
function MarkAllRead({ threads }: { readonly threads: ThreadsChat }) {
  const rooms = useChatState((state) => state.rooms);
  const [busy, setBusy] = useState(false);
  const unread = rooms.filter((room) => (room.thread_unread_count ?? 0) > 0);
  const markAll = async () => {
    setBusy(true);
    let done = 0;
    for (const room of unread) {
      if (!(await attempt(threads.markAllRead(room.id)))) break;
      done += 1;
    }
    if (done > 0)
      toast(done === 1 ? 'One room and its threads are read.' : `${done} rooms and their threads are read.`);
    setBusy(false);
  };
  return (
    <Button
      size="sm"
      busy={busy}
      disabled={unread.length === 0}
      title="Also marks the messages of their rooms as read"
      onClick={() => void markAll()}
    >
      <CheckCheck className="size-4" aria-hidden="true" /> Mark all as read
    </Button>
  );
}

function List({ client }: { readonly client: ThreadsChat }) {
  const [onlyUnread, setOnlyUnread] = useState(false);
  const followed = useFollowedThreads(client, onlyUnread);
  const rooms = useChatState((state) => state.rooms);
  const [, navigate] = useLocation();
  const now = useNow();
  const { threads, hasMore, isLoading } = followed;
  useEffect(() => addPeopleFromMessages(threads?.map(({ root }) => root) ?? []), [threads]);

  const show = ({ root }: Thread) => {
    openThread.set({ roomId: root.room_id, root: root.id, around: null });
    navigate(`/rooms/${root.room_id}`);
  };
  const roomOf = ({ root }: Thread): Room | undefined => rooms.find(({ id }) => id === root.room_id);
  return (
    <>
      <div role="group" aria-label="Which threads" className="flex gap-1 px-3 pt-3 md:px-5">
        <Button
          look={onlyUnread ? 'ghost' : 'quiet'}
          size="sm"
          aria-pressed={!onlyUnread}
          onClick={() => setOnlyUnread(false)}
        >
          All
        </Button>
        <Button
          look={onlyUnread ? 'quiet' : 'ghost'}
          size="sm"
          aria-pressed={onlyUnread}
          onClick={() => setOnlyUnread(true)}
        >
          Unread
        </Button>
      </div>
      <div aria-busy={isLoading} className="min-h-0 flex-1 overflow-y-auto p-2 scroll-thin md:px-4">
        <Status followed={followed} onlyUnread={onlyUnread} />
        <ul aria-label="Threads you follow" className="flex flex-col gap-px">
          {threads?.map((thread) => (
            <li key={thread.root.id}>
              <ThreadEntry thread={thread} room={roomOf(thread)} now={now} onOpen={() => show(thread)} />
            </li>
          ))}
        </ul>
        {hasMore && (
          <div className="p-3">
            <Button size="sm" busy={isLoading} onClick={followed.more}>
              Earlier threads
            </Button>
          </div>
        )}
      </div>
    </>
  );
}

/** What stands in place of the list, or above it: that it loads, failed to load, or is empty. */
function Status({ followed, onlyUnread }: { readonly followed: FollowedThreads; readonly onlyUnread: boolean }) {
  const { threads, problem, isLoading, hasMore, reload } = followed;
  if (problem !== null) {
    return (
      <div role="alert" className="flex flex-wrap items-center gap-3 p-3 text-ink-soft">
        {problem}
        <Button size="sm" busy={isLoading} onClick={reload}>
          Try again
        </Button>
      </div>
    );
  }
  if (threads === null) return <Loading />;
  if (threads.length > 0 || hasMore) return null;
  return (
    <div className="flex flex-col items-center gap-2 p-10 text-center text-ink-soft">
      <MessagesSquare className="size-7 text-ink-faint" aria-hidden="true" />
      <p className="font-medium text-ink">{onlyUnread ? 'Nothing unread' : 'No threads yet'}</p>
      <p className="max-w-xs text-balance">
        {onlyUnread
          ? 'You have read every thread that you follow.'
          : 'You follow a thread once you reply in it, are mentioned in it, or began it.'}
      </p>
    </div>
  );
}

function Loading() {
  return (
    <div role="status" aria-label="Loading threads" className="grid place-items-center p-10 text-ink-faint">
      <Spinner className="size-5" />
    </div>
  );
}

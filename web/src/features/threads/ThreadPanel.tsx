import type { Message, Room, Seq } from '@backchannel/client';
import type { ThreadsChat } from '@backchannel/client/features/threads';
import { Bell, BellOff, X } from 'lucide-react';
import { type KeyboardEvent, lazy, Suspense, useCallback, useEffect, useLayoutEffect, useRef } from 'react';
import { addPeopleFromMessages } from '../../app/directory.ts';
import { replyTarget } from '../../app/drafts.ts';
import { loadMessageList } from '../../app/lazyWithRetry.ts';
import { RoomName } from '../../app/RoomName.tsx';
import { attempt } from '../../app/runCommand.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { type OpenThread, openThread } from '../../app/threads.ts';
import { useBackLayer } from '../../ui/backLayers.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { rememberFocus } from '../../ui/focus.ts';
import { Spinner } from '../../ui/Spinner.tsx';
import { useStore } from '../../ui/store.ts';
import { useNarrow, useTouch } from '../../ui/useMedia.ts';
import { ReplyComposer } from './ReplyComposer.tsx';
import { useThreadView } from './useThreadView.ts';

const ReplyList = lazy(async () => ({ default: (await loadMessageList()).ReplyList }));

const close = () => openThread.set(null);

interface ThreadPanelProps {
  readonly room: Room;
  readonly open: OpenThread;
}

/** A thread beside its room; in a narrow window in its place, where Back closes it on touch. Give it a key per thread. */
export function ThreadPanel({ room, open }: ThreadPanelProps) {
  const { threads, user } = useSignedIn();
  const loaded = useStore(threads.loaded, (value) => value);
  useEffect(() => void threads.load(), [threads]);
  const panel = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const narrow = useNarrow();
  const touch = useTouch();
  useBackLayer(close, narrow);

  // In a layout effect, so that it is known at the end whether the focus is still in the panel.
  useLayoutEffect(() => {
    const element = panel.current;
    const restoreFocus = rememberFocus();
    if (touch) heading.current?.focus({ preventScroll: true });
    return () => {
      if (element?.contains(document.activeElement)) restoreFocus();
    };
  }, [touch]);

  const onKeyDown = (event: KeyboardEvent) => {
    const isInDialog = (event.target as HTMLElement).closest('dialog') !== null;
    if (event.key !== 'Escape' || event.defaultPrevented || isInDialog) return;
    event.preventDefault();
    close();
  };

  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape closes the panel, as a dialog
    <aside
      ref={panel}
      id="thread"
      aria-labelledby="thread-title"
      onKeyDown={onKeyDown}
      className="safe-top absolute inset-0 z-30 flex flex-col border-line bg-paper lg:relative lg:border-l lg:w-[min(26rem,42%)] lg:shrink-0"
    >
      <header className="flex h-[calc(3.5rem+1px)] shrink-0 items-center gap-1 border-b border-line pr-2 pl-4">
        <div className="min-w-0 flex-1">
          <h2 ref={heading} id="thread-title" tabIndex={-1} className="leading-5 font-semibold outline-none">
            Thread
          </h2>
          <p className="truncate text-xs leading-4 text-ink-faint">
            <RoomName room={room} me={user.id} />
          </p>
        </div>
        {loaded && <FollowButton threads={loaded} open={open} />}
        <IconButton label="Close thread" tip="below" data-tip-align="end" onClick={close}>
          <X />
        </IconButton>
      </header>
      {loaded ? <Thread room={room} open={open} threads={loaded} narrow={narrow} /> : <Loading />}
    </aside>
  );
}

interface LoadedProps {
  readonly open: OpenThread;
  readonly threads: ThreadsChat;
}

/** Whether new replies count as unread for the user. */
function FollowButton({ open, threads }: LoadedProps) {
  const { root, following } = useThreadView(threads, open.roomId, open.root);
  if (!root) return null;
  return (
    <IconButton
      label={following ? 'Stop following this thread' : 'Follow this thread'}
      tip="below"
      data-tip-align="end"
      aria-pressed={following}
      onClick={() => void attempt(threads.followThread(open.root, !following))}
    >
      {following ? <Bell /> : <BellOff />}
    </IconButton>
  );
}

interface ThreadProps extends LoadedProps {
  readonly room: Room;
  /** The panel covers the room. */
  readonly narrow: boolean;
}

function Thread({ room, open, threads, narrow }: ThreadProps) {
  const { user, drafts } = useSignedIn();
  const { roomId, root: rootId, around } = open;
  const view = useThreadView(threads, roomId, rootId);
  const field = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    // Failures are in the view.
    void threads.openThread(roomId, rootId, around ?? undefined);
    return () => threads.closeThread(rootId);
  }, [threads, roomId, rootId, around]);
  useEffect(
    () => addPeopleFromMessages(view.root ? [view.root, ...view.messages] : view.messages),
    [view.root, view.messages],
  );

  // A panel in the room's place covers its composer, which edits the messages of threads, too.
  const isEditing = useStore(drafts.edits, (all) => roomId in all);
  const wasEditing = useRef(isEditing);
  useEffect(() => {
    if (narrow && isEditing && !wasEditing.current) close();
    wasEditing.current = isEditing;
  }, [narrow, isEditing]);

  const onRead = useCallback((seq: Seq) => threads.markThreadRead(rootId, seq), [threads, rootId]);
  const loadOlder = useCallback(() => void threads.loadOlderReplies(rootId), [threads, rootId]);
  const loadNewer = useCallback(() => void threads.loadNewerReplies(rootId), [threads, rootId]);
  const onLeave = useCallback(() => field.current?.focus({ preventScroll: true }), []);
  const onQuote = useCallback(
    (message: Message) => {
      const text = drafts.replies.get()[rootId]?.text ?? '';
      drafts.setReply(roomId, rootId, { text, replyTo: replyTarget(message) });
      field.current?.focus({ preventScroll: true });
    },
    [drafts, roomId, rootId],
  );

  if (view.error && !view.root) {
    return (
      <div
        role="alert"
        className="flex flex-1 flex-col items-center justify-center gap-3 p-8 text-center text-ink-soft"
      >
        <p>This thread could not be loaded. It may have been removed, or you may not read it.</p>
        <Button onClick={() => void threads.openThread(roomId, rootId, around ?? undefined)}>Try again</Button>
      </div>
    );
  }
  if (!view.root) return <Loading />;
  return (
    <>
      <Suspense fallback={<Loading />}>
        <ReplyList
          room={room}
          view={view}
          me={user}
          around={around}
          onRead={onRead}
          onQuote={onQuote}
          onLeave={onLeave}
          loadOlder={loadOlder}
          loadNewer={loadNewer}
        />
      </Suspense>
      {view.error && (
        <p role="alert" className="flex items-center gap-3 px-3 py-1 text-xs text-danger md:px-5">
          More replies could not be loaded.
          <Button size="sm" onClick={view.hasNewer ? loadNewer : loadOlder}>
            Try again
          </Button>
        </p>
      )}
      <ReplyComposer field={field} room={room} root={rootId} threads={threads} onClose={close} />
    </>
  );
}

function Loading() {
  return (
    <div role="status" aria-label="Loading the thread" className="grid flex-1 place-items-center text-ink-faint">
      <Spinner className="size-5" />
    </div>
  );
}

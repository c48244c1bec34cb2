import type { Message, Quote, Room, Seq, User } from '@backchannel/client';
import type { ThreadView } from '@backchannel/client/features/threads';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTimelineView } from '../../app/chat.ts';
import { useFlatThreads } from '../../app/flatThreads.ts';
import { jumpRequest } from '../../app/jumpRequest.ts';
import { Button } from '../../ui/Button.tsx';
import { dayLabel } from '../../ui/time.ts';
import { useNow } from '../../ui/useNow.ts';
import { DayDivider, UnreadDivider } from './dividers.tsx';
import { InThreadContext } from './inThread.ts';
import { MessageRow } from './MessageRow.tsx';
import { PendingRow } from './PendingRow.tsx';
import { changesByMessage, NO_CHANGES } from './pendingChanges.ts';
import { RowErrorBoundary } from './RowErrorBoundary.tsx';
import { type Row, rowsOf } from './rows.ts';
import { isShownInRoom } from './shownInRoom.ts';
import { useAnnouncements } from './useAnnouncements.ts';
import { useIsViewing } from './useIsViewing.ts';
import { useReplyScroll } from './useReplyScroll.ts';
import { useRovingRows } from './useRovingRows.ts';

interface ReplyListProps {
  readonly room: Room;
  readonly view: ThreadView;
  readonly me: User;
  /** The seq of the reply to show first, else null. */
  readonly around: Seq | null;
  /** Called with the seq of the newest reply while the user is at the end and looks at the window. */
  readonly onRead: (seq: Seq) => void;
  /** Quotes a message in the next reply. */
  readonly onQuote: (message: Message) => void;
  /** Called on Escape within the list. */
  readonly onLeave: () => void;
  readonly loadOlder: () => void;
  readonly loadNewer: () => void;
}

/** What was unread when the thread was opened, until the panel closes. */
function useFirstUnread({ messages, readSeq, following, root }: ThreadView, me: User): Seq | null {
  const [from, setFrom] = useState<Seq | null>(null);
  const isLoaded = root !== null;
  // While rendering, and once: the mark moves as soon as the replies are on the screen.
  if (isLoaded && from === null) setFrom(following ? readSeq : Number.POSITIVE_INFINITY);
  const first = from === null ? undefined : messages.find(({ seq, sender }) => seq > from && sender.id !== me.id);
  return first?.seq ?? null;
}

/** A thread: its first message, then the replies, with those that wait to be sent. One tab stop, as the list of a room. */
export function ReplyList(props: ReplyListProps) {
  const { room, view, me, around, onRead, onQuote, onLeave, loadOlder, loadNewer } = props;
  const { root, messages, pending, hasOlder, hasNewer, isLoading } = view;
  const { changes } = useTimelineView(room.id);
  const flat = useFlatThreads();
  const now = useNow();
  const firstUnreadSeq = useFirstUnread(view, me);
  const scroller = useRef<HTMLDivElement>(null);

  const rows = useMemo(() => {
    const loading = isLoading ? ('older' as const) : null;
    const all = rowsOf({ messages, pending, changes, firstUnreadSeq, hasOlder, hasNewer, loading }, me);
    return all.filter(({ kind }) => kind !== 'start');
  }, [messages, pending, changes, firstUnreadSeq, hasOlder, hasNewer, isLoading, me]);
  const withRoot = useMemo(() => (root ? [rootRow(root), ...rows] : rows), [root, rows]);

  const { atEnd, flash, onScroll, showReply, goToEnd } = useReplyScroll({
    scroller,
    view,
    rows,
    around,
    loadOlder,
    loadNewer,
  });
  const list = useRef({
    scrollToIndex: (index: number) =>
      scroller.current?.querySelectorAll('article')[index]?.scrollIntoView?.({ block: 'nearest' }),
  });
  const messageRows = useMemo(
    () => withRoot.filter(({ kind }) => kind === 'message' || kind === 'pending'),
    [withRoot],
  );
  const roving = useRovingRows({ rows: messageRows, scroller, list, onLeave });

  // What one sends is in sight.
  const sent = pending.at(-1)?.id;
  const sentBefore = useRef(sent);
  useLayoutEffect(() => {
    if (sent !== undefined && sent !== sentBefore.current) goToEnd();
    sentBefore.current = sent;
  }, [sent, goToEnd]);

  const isViewing = useIsViewing();
  const newest = messages.at(-1)?.seq ?? 0;
  useEffect(() => {
    if (isViewing && atEnd && !hasNewer && newest > view.readSeq && view.following) onRead(newest);
  }, [isViewing, atEnd, hasNewer, newest, view.readSeq, view.following, onRead]);

  // The room announces what it shows.
  const announced = useMemo(
    () => ({ messages: flat ? [] : messages.filter((each) => !isShownInRoom(each)), loading: null, hasNewer }),
    [flat, messages, hasNewer],
  );
  useAnnouncements(announced, me.id);

  const onJump = useCallback(
    ({ id, seq }: Quote) => {
      if (id === root?.id || messages.some((each) => each.id === id)) showReply(id);
      else jumpRequest.set({ roomId: room.id, id, seq });
    },
    [room.id, root, messages, showReply],
  );
  const inThread = useMemo(() => ({ quote: onQuote }), [onQuote]);
  const rootChanges = (root && changesByMessage(changes).get(root.id)) ?? NO_CHANGES;

  const renderRow = (row: Row) => {
    if (row.kind === 'day') return <DayDivider key={row.key} label={dayLabel(row.at, now)} />;
    if (row.kind === 'unread') {
      return (
        <div key="unread" data-unread>
          <UnreadDivider count={null} />
        </div>
      );
    }
    if (row.kind !== 'message' && row.kind !== 'pending') return null;
    const shared = { me, tabbable: roving.tabbable === row.key, onJump };
    const place = { ...shared, at: row.at, first: row.first };
    return (
      <RowErrorBoundary key={row.key} row={row} {...shared}>
        {row.kind === 'message' ? (
          <MessageRow {...place} message={row.message} changes={row.changes} flash={flash === row.key} />
        ) : (
          <PendingRow {...place} pending={row.pending} quote={row.quote} />
        )}
      </RowErrorBoundary>
    );
  };

  return (
    <InThreadContext value={inThread}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the arrow keys of the feed pattern */}
      <div
        ref={scroller}
        role="feed"
        aria-label="Thread"
        aria-busy={isLoading}
        onKeyDown={roving.onKeyDown}
        onFocus={roving.onFocus}
        onScroll={onScroll}
        className="min-h-0 flex-1 overflow-x-hidden overflow-y-auto overscroll-contain scroll-thin [overflow-anchor:none]"
      >
        <div className="pt-4 pb-3">
          {root && renderRow({ ...rootRow(root), changes: rootChanges })}
          {root && <Replies count={root.thread_summary?.count ?? 0} />}
          {hasOlder && (
            <div className="px-3 py-1 md:px-5">
              <Button size="sm" busy={isLoading} onClick={loadOlder}>
                Earlier replies
              </Button>
            </div>
          )}
          {rows.map(renderRow)}
          {hasNewer && (
            <div className="px-3 py-1 md:px-5">
              <Button size="sm" busy={isLoading} onClick={loadNewer}>
                Later replies
              </Button>
            </div>
          )}
        </div>
      </div>
    </InThreadContext>
  );
}

const rootRow = (root: Message): Extract<Row, { kind: 'message' }> => ({
  kind: 'message',
  key: root.id,
  message: root,
  changes: NO_CHANGES,
  at: Date.parse(root.created_at),
  first: true,
});

/** Between the first message and the replies: how many there are. */
function Replies({ count }: { readonly count: number }) {
  return (
    <p className="mx-3 mt-2 mb-1 flex items-center gap-3 text-2xs text-ink-faint after:h-px after:flex-1 after:bg-line md:mx-5">
      {count === 0 ? 'No replies yet' : count === 1 ? '1 reply' : `${count} replies`}
    </p>
  );
}

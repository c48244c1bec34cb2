import type { Message, Quote, Room, TimelineView, User } from '@backchannel/client';
import { type Ref, type RefObject, useCallback, useImperativeHandle, useMemo, useRef } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { useChat } from '../../app/chat.ts';
import { focusComposer } from '../../app/composerSignals.ts';
import { useFlatThreads } from '../../app/flatThreads.ts';
import { useMembershipChanges } from '../../app/membershipChanges.ts';
import { openJumpToDate } from '../../app/panels.ts';
import { openThread } from '../../app/threads.ts';
import { firstUnreadSeqOf, unreadOf } from '../../app/unread.ts';
import { ErrorBoundary } from '../../ui/ErrorBoundary.tsx';
import { useStore } from '../../ui/store.ts';
import { dayLabel } from '../../ui/time.ts';
import { useNarrow } from '../../ui/useMedia.ts';
import { useNow } from '../../ui/useNow.ts';
import { LightboxLayer } from '../files/LightboxLayer.tsx';
import { DayPill } from './DayPill.tsx';
import { DayDivider, MembershipDivider, UnreadDivider } from './dividers.tsx';
import { FailedBar } from './FailedBar.tsx';
import { LatestButton, LoadStatusPill } from './listOverlays.tsx';
import { MessageRow } from './MessageRow.tsx';
import { PendingRow } from './PendingRow.tsx';
import { RoomStart } from './RoomStart.tsx';
import { RowErrorBoundary } from './RowErrorBoundary.tsx';
import { type Row, rowsOf } from './rows.ts';
import { isShownInRoom, shownInRoom } from './shownInRoom.ts';
import { UnreadBar } from './UnreadBar.tsx';
import { useAnnouncements } from './useAnnouncements.ts';
import { useEndOfScrolling } from './useEndOfScrolling.ts';
import { type Target, useJump } from './useJump.ts';
import { useReadMark } from './useReadMark.ts';
import { useRovingRows } from './useRovingRows.ts';
import { useScrolling } from './useScrolling.ts';
import { useVirtualizerSteps } from './useVirtualizerSteps.ts';

export interface MessageListHandle {
  /** Scrolls to a message and highlights it briefly; loads the page around it if needed. */
  jumpTo(target: Target): void;
}

interface MessageListProps {
  readonly ref: Ref<MessageListHandle>;
  readonly room: Room;
  readonly view: TimelineView;
  readonly me: User;
  /** The unread count when the room was opened, for the unread divider; null without a divider. */
  readonly unread: string | null;
  readonly onJump: (quote: Quote) => void;
  /** The last value of `latestRequests` (composerSignals.ts) handled in this room. */
  readonly handledRequests: RefObject<number>;
}

/** Rows this far beyond the screen stay rendered, for Ctrl+F and fast scrolling. */
const BUFFER_PX = 600;

/** The rows in a virtualised list. rows.ts decides what they are, useScrolling.ts moves the list. */
export function MessageList({ ref, room, view, me, unread, onJump, handledRequests }: MessageListProps) {
  const chat = useChat();
  const showsUnread = unread !== null;
  const membershipChanges = useMembershipChanges(room.id);
  const flat = useFlatThreads();
  const shown = useMemo(() => (flat ? view : shownInRoom(view)), [view, flat]);
  const isHidden = useCallback((message: Message) => !flat && !isShownInRoom(message), [flat]);
  const wanted = useMemo(
    () => rowsOf(shown, me, showsUnread, membershipChanges),
    [shown, me, showsUnread, membershipChanges],
  );
  const { rows, shift } = useVirtualizerSteps(wanted);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const now = useNow();
  const { atEnd, topRow, onScroll, goToLatest, stopFollowing } = useScrolling({
    room,
    view,
    rows,
    scroller,
    list,
    handledRequests,
  });
  const { flash, jumpTo } = useJump({ roomId: room.id, view, rows, isHidden, list, stopFollowing });
  // In a narrow window a thread covers its room, which is not read meanwhile.
  const narrow = useNarrow();
  const hasThread = useStore(openThread, (open) => open?.roomId === room.id);
  const newBelow = useReadMark(room, view, atEnd === true && !(narrow && hasThread));
  const onLeave = () => {
    void goToLatest();
    focusComposer();
  };
  const roving = useRovingRows({ rows, scroller, list, onLeave });
  useEndOfScrolling(scroller);
  useAnnouncements(shown, me.id);
  useImperativeHandle(ref, () => ({ jumpTo }));

  const renderRow = (row: Row) => {
    switch (row.kind) {
      case 'start':
        return (
          <ErrorBoundary key="start">
            <RoomStart room={room} isEmpty={view.messages.length + view.pending.length === 0} />
          </ErrorBoundary>
        );
      case 'day':
        return (
          <DayDivider
            key={row.key}
            label={dayLabel(row.at, now)}
            onJumpToDate={() => openJumpToDate(room.id, row.at)}
          />
        );
      case 'unread':
        return <UnreadDivider key="unread" count={unread} />;
      case 'membership':
        return <MembershipDivider key={row.key} text={row.text} at={row.at} />;
      case 'message':
      case 'pending': {
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
      }
    }
  };

  // The current count, not the one at opening: do not offer what has been read since, here or elsewhere.
  const oldest = view.messages[0]?.seq ?? 0;
  const firstUnread = firstUnreadSeqOf(room);
  const unreadAbove = room.unread_count > 0 && view.hasOlder && firstUnread < oldest;
  return (
    <>
      {unreadAbove && (
        <UnreadBar
          count={room.unread_count}
          onJump={() => jumpTo({ id: '', seq: firstUnread })}
          onMarkRead={() => {
            unreadOf(chat).resumeReading(room.id);
            chat.markRead(room.id, room.seq);
          }}
        />
      )}
      <div className="bc-pills relative min-h-0 flex-1">
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the arrow keys of the feed pattern */}
        <div
          ref={scroller}
          onKeyDown={roving.onKeyDown}
          onFocus={roving.onFocus}
          role="feed"
          aria-label="Messages"
          aria-busy={view.loading !== null}
          className="flex h-full flex-col overflow-x-hidden overflow-y-auto overscroll-contain [overflow-anchor:none] *:pointer-events-auto!"
        >
          {/* virtua ignores the pointer while it takes the list to be scrolling, which may last: a touched row that is removed never reports
              the end of the touch. Hence *:. */}
          {/* Pushes a few messages to the bottom, next to the composer. */}
          <div className="grow" />
          <Virtualizer
            ref={list}
            scrollRef={scroller}
            shift={shift}
            keepMounted={roving.keepMounted}
            onScroll={onScroll}
            bufferSize={BUFFER_PX}
            data={rows}
          >
            {renderRow}
          </Virtualizer>
          <div className="h-3 shrink-0" />
        </div>
        <DayPill row={topRow} now={now} />
        <LoadStatusPill
          view={view}
          onRetry={() => void (view.hasNewer ? chat.loadNewer(room.id) : chat.loadOlder(room.id))}
        />
        <LightboxLayer roomId={room.id} />
        {atEnd === false && <LatestButton count={newBelow} onClick={() => void goToLatest()} />}
      </div>
      <FailedBar room={room} pending={view.pending} />
    </>
  );
}

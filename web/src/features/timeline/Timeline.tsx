import type { Room, RoomId, Seq, TimelineView, UserId } from '@backchannel/client';
import { lazy, Suspense, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useChat, useTimelineView } from '../../app/chat.ts';
import { composerSignals } from '../../app/composerSignals.ts';
import { addPeopleFromMessages } from '../../app/directory.ts';
import { jumpRequest } from '../../app/jumpRequest.ts';
import { loadLexer, loadMessageList } from '../../app/lazyWithRetry.ts';
import { roomLabel } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { firstUnreadSeqOf, unreadOf } from '../../app/unread.ts';
import { Button } from '../../ui/Button.tsx';
import type { MessageListHandle } from './MessageList.tsx';
import { scrollPositionsOf } from './scrollPositions.ts';
import { TimelineSkeleton } from './TimelineSkeleton.tsx';
import type { Target } from './useJump.ts';

/** Both start loading with the app, to be ready before the first messages. */
const loading = loadMessageList();
void loadLexer();
const MessageList = lazy(async () => ({ default: (await loading).MessageList }));

/** One room's messages. Give it a key per room, so that it mounts again for another one. */
export function Timeline({ room }: { readonly room: Room }) {
  const chat = useChat();
  const { user } = useSignedIn();
  const view = useTimelineView(room.id);
  const list = useRef<MessageListHandle>(null);
  const [opening] = useState(() => ({
    unread: room.unread_count,
    upTo: room.seq,
    around:
      requestedSeq(room.id) ??
      scrollPositionsOf(chat).get(room.id)?.seq ??
      (room.unread_count > 0 ? firstUnreadSeqOf(room) : undefined),
  }));
  const marked = useMarkedSince(room);
  // A message sent while the room was loading is scrolled to once it has loaded.
  const handledRequests = useRef(composerSignals.get().latestRequests);
  const [opened, setOpened] = useState(false);

  // Opens at the position of the last visit, else at the first unread message, else at the end.
  const openHere = useCallback(
    () => void chat.openRoom(room.id, opening.around === undefined ? undefined : { around: opening.around }),
    [chat, room.id, opening],
  );
  // In a layout effect: opening sets the unread divider, and rendering messages may already move the read mark.
  useLayoutEffect(() => {
    unreadOf(chat).resumeReading(room.id);
    openHere();
    setOpened(true);
  }, [chat, room.id, openHere]);

  useEffect(() => addPeopleFromMessages(view.messages), [view.messages]);

  const jumpTo = useCallback((target: Target) => list.current?.jumpTo(target), []);

  if (view.messages.length === 0 && view.pending.length === 0) {
    if (view.error) {
      return (
        <div
          role="alert"
          className="flex flex-1 flex-col items-center justify-center gap-3 p-8 text-center text-ink-soft"
        >
          <p>The messages of {roomLabel(room, user.id)} could not be loaded.</p>
          <Button onClick={openHere}>Try again</Button>
        </div>
      );
    }
    if (!opened || view.loading === 'initial') return <TimelineSkeleton />;
  }

  if (!opened) return <div className="flex-1" />;
  return (
    <div className="bc-pills relative flex min-h-0 flex-1 flex-col">
      <Suspense fallback={<TimelineSkeleton />}>
        <MessageList
          ref={list}
          room={room}
          view={view}
          me={user}
          unread={unreadAtOpening(view, marked ?? opening, user.id)}
          onJump={jumpTo}
          handledRequests={handledRequests}
        />
      </Suspense>
    </div>
  );
}

/** What is unread by a mark that was set while the room is open; null without one. It stays when the room is read. */
function useMarkedSince({ unread_from, unread_count, seq }: Room): { unread: number; upTo: Seq } | null {
  const [last, setLast] = useState({ from: unread_from, marked: null as { unread: number; upTo: Seq } | null });
  const isSet = unread_from !== undefined && unread_from !== last.from;
  const now = isSet ? { unread: unread_count, upTo: seq } : last.marked;
  if (last.from !== unread_from) setLast({ from: unread_from, marked: now });
  return now;
}

/** Of the message that was asked for, if it is in this room. */
function requestedSeq(roomId: RoomId): Seq | undefined {
  const request = jumpRequest.get();
  return request?.roomId === roomId ? request.seq : undefined;
}

/**
 * The unread count when the room was opened; null if zero. The server counts up to 100; larger counts are computed
 * here, once all those messages are loaded.
 */
function unreadAtOpening(
  { messages, firstUnreadSeq, hasNewer }: TimelineView,
  { unread, upTo }: { readonly unread: number; readonly upTo: Seq },
  me: UserId,
): string | null {
  if (unread === 0) return null;
  if (unread < 100) return String(unread);
  const isLoaded = firstUnreadSeq !== null && (!hasNewer || (messages.at(-1)?.seq ?? 0) >= upTo);
  if (!isLoaded) return '99+';
  const from = firstUnreadSeq;
  const all = messages.filter(({ seq, sender, deleted }) => seq >= from && seq <= upTo && sender.id !== me && !deleted);
  return String(all.length);
}

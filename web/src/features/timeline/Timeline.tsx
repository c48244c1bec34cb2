import type { Room } from '@backchannel/client';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useChat, useTimelineView } from '../../app/chat.ts';
import { learnFromMessages } from '../../app/directory.ts';
import { roomLabel } from '../../app/roomNames.ts';
import { useSession } from '../../app/session.ts';
import { Button } from '../../ui/Button.tsx';
import { FailedBar } from './FailedBar.tsx';
import { MessageList, type MessageListHandle } from './MessageList.tsx';
import { TimelineSkeleton } from './TimelineSkeleton.tsx';
import type { Target } from './useJump.ts';
import { UnreadBar } from './UnreadBar.tsx';
import { useAnnouncements } from './useAnnouncements.ts';

/** One room's messages. Mounted anew for every room. */
export function Timeline({ room }: { readonly room: Room }) {
  const chat = useChat();
  const { user } = useSession();
  const view = useTimelineView(room.id);
  const list = useRef<MessageListHandle>(null);
  const [opening, setOpening] = useState({ unread: room.unread_count, readSeq: room.read_seq });
  const [opened, setOpened] = useState(false);

  // Before anything is drawn: opening sets the unread mark, and what is drawn may move the read mark.
  useLayoutEffect(() => {
    void chat.openRoom(room.id);
    setOpened(true);
  }, [chat, room.id]);

  useEffect(() => learnFromMessages(view.messages), [view.messages]);
  useAnnouncements(view, user.id, opened);

  const jumpTo = useCallback((target: Target) => list.current?.jumpTo(target), []);

  if (view.messages.length === 0 && view.pending.length === 0) {
    if (view.error) {
      return (
        <div
          role="alert"
          className="flex flex-1 flex-col items-center justify-center gap-3 p-8 text-center text-ink-soft"
        >
          <p>The messages of {roomLabel(room, user.id)} could not be loaded.</p>
          <Button onClick={() => void chat.openRoom(room.id)}>Try again</Button>
        </div>
      );
    }
    if (!opened || view.loading === 'initial') return <TimelineSkeleton />;
  }

  if (!opened) return <div className="flex-1" />;
  const oldest = view.messages[0]?.seq ?? 0;
  const unreadAbove =
    opening.unread > 0 &&
    room.unread_count > 0 &&
    view.hasOlder &&
    opening.readSeq + 1 < oldest &&
    view.firstUnreadSeq !== null;
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {unreadAbove && (
        <UnreadBar
          count={opening.unread}
          onJump={() => jumpTo({ id: '', seq: opening.readSeq + 1 })}
          onMarkRead={() => {
            setOpening({ unread: 0, readSeq: room.seq });
            chat.markRead(room.id, room.seq);
          }}
        />
      )}
      <MessageList ref={list} room={room} view={view} me={user} onJump={jumpTo} />
      <FailedBar room={room} pending={view.pending} />
    </div>
  );
}

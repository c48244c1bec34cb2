import type { Room, TimelineView } from '@backchannel/client';
import { useEffect, useRef } from 'react';
import { useChat } from '../../app/chat.ts';
import { unreadOf } from '../../app/unread.ts';
import { useIsViewing } from './useIsViewing.ts';

/**
 * Moves the read mark while the user is at the end of the room, in a visible window with the focus.
 * Returns the number of unread messages below; 0 at the end.
 */
export function useReadMark(room: Room, view: TimelineView, atEnd: boolean): number {
  const chat = useChat();
  const isViewing = useIsViewing();
  const wasViewing = useRef(isViewing);
  useEffect(() => {
    if (isViewing && !wasViewing.current) unreadOf(chat).resumeReading(room.id, false);
    wasViewing.current = isViewing;
  }, [chat, room.id, isViewing]);
  const isAtLatest = atEnd && view.loading !== 'initial' && !view.hasNewer;

  // On the chat's change, not after rendering: otherwise the title and the list would show the room as unread in
  // between.
  useEffect(() => {
    if (!isAtLatest || !isViewing) return undefined;
    const read = () => {
      const { messages, loading, hasNewer } = chat.getTimeline(room.id);
      // The user's own message may appear before earlier ones of others have arrived: mark only up to the last
      // received.
      if (loading !== 'initial' && !hasNewer) chat.markRead(room.id, messages.at(-1)?.seq ?? 0);
    };
    read();
    return chat.subscribe(read);
  }, [chat, room.id, isAtLatest, isViewing]);

  return isAtLatest ? 0 : room.unread_count;
}

import type { Room, TimelineView } from '@backchannel/client';
import { useEffect, useSyncExternalStore } from 'react';
import { useChat } from '../../app/chat.ts';

/**
 * Moves the read mark: only for somebody who is at the end of the room, in a visible window that has the focus.
 * Returns how many messages are unread below; 0 while they are there.
 */
export function useReadMark(room: Room, view: TimelineView, atEnd: boolean): number {
  const chat = useChat();
  const looking = useSyncExternalStore(
    subscribeLooking,
    () => document.visibilityState === 'visible' && document.hasFocus(),
  );
  const here = atEnd && view.loading !== 'initial' && !view.hasNewer;

  // With the news, not after it is drawn: else the room would be unread in between, in the title and the list as well.
  useEffect(() => {
    if (!here || !looking) return undefined;
    const read = () => {
      const { messages, loading, hasNewer } = chat.getTimeline(room.id);
      // One's own message may be shown before what others wrote ahead of it has come: the mark stops at what has.
      if (loading !== 'initial' && !hasNewer) chat.markRead(room.id, messages.at(-1)?.seq ?? 0);
    };
    read();
    return chat.subscribe(read);
  }, [chat, room.id, here, looking]);

  return here ? 0 : room.unread_count;
}

function subscribeLooking(listener: () => void): () => void {
  for (const name of ['focus', 'blur'] as const) window.addEventListener(name, listener);
  document.addEventListener('visibilitychange', listener);
  return () => {
    for (const name of ['focus', 'blur'] as const) window.removeEventListener(name, listener);
    document.removeEventListener('visibilitychange', listener);
  };
}

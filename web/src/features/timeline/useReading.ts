import type { Room, TimelineView, User } from '@backchannel/client';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { useChat } from '../../app/chat.ts';

/**
 * Moves the read mark: only for somebody who is at the end of the room, in a visible window that has the focus.
 * Returns how many messages of others came since they were last there; 0 while they are.
 */
export function useReading(room: Room, view: TimelineView, me: User, atEnd: boolean): number {
  const chat = useChat();
  const looking = useSyncExternalStore(
    subscribeLooking,
    () => document.visibilityState === 'visible' && document.hasFocus(),
  );
  const head = view.messages.at(-1)?.seq ?? 0;
  const seenUpTo = useRef<number | null>(null);
  const here = atEnd && view.loading !== 'initial' && !view.hasNewer;

  // Not a state: nothing is drawn by it until somebody has left the end, which draws.
  useEffect(() => {
    if (here && head > 0) seenUpTo.current = head;
  }, [here, head]);

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

  if (here) return 0;
  const from = seenUpTo.current;
  if (from === null) return room.unread_count;
  return view.messages.filter((message) => message.seq > from && message.sender.id !== me.id && !message.deleted)
    .length;
}

function subscribeLooking(listener: () => void): () => void {
  for (const name of ['focus', 'blur'] as const) window.addEventListener(name, listener);
  document.addEventListener('visibilitychange', listener);
  return () => {
    for (const name of ['focus', 'blur'] as const) window.removeEventListener(name, listener);
    document.removeEventListener('visibilitychange', listener);
  };
}

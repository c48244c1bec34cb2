import type { Room, TimelineView, User } from '@backchannel/client';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useChat } from '../../app/chat.ts';

/**
 * Moves the read mark: only for somebody who is at the end of the room, in a visible window that has the focus.
 * Returns how many messages of others came since they were last there.
 */
export function useReading(room: Room, view: TimelineView, me: User, atEnd: boolean): number {
  const chat = useChat();
  const looking = useSyncExternalStore(
    subscribeLooking,
    () => document.visibilityState === 'visible' && document.hasFocus(),
  );
  const head = view.messages.at(-1)?.seq ?? 0;
  const [seenUpTo, setSeenUpTo] = useState<number | null>(null);
  const here = atEnd && view.loading !== 'initial' && !view.hasNewer;

  useEffect(() => {
    if (here && head > 0) setSeenUpTo(head);
  }, [here, head]);

  // One's own message may be shown before what others wrote ahead of it has come; those are not read yet.
  const readable = Math.min(head, room.seq);
  useEffect(() => {
    if (here && looking && readable > room.read_seq) chat.markRead(room.id, readable);
  }, [chat, room.id, room.read_seq, here, looking, readable]);

  if (seenUpTo === null) return room.unread_count;
  return view.messages.filter((message) => message.seq > seenUpTo && message.sender.id !== me.id && !message.deleted)
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

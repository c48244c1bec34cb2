import type { TimelineView, UserId } from '@backchannel/client';
import { useEffect, useRef } from 'react';
import { announce } from '../../ui/announce.tsx';
import { messageText } from '../files/messageText.ts';
import { truncate, nameInText } from '../../ui/names.ts';

/** Messages that arrive within this time are announced together. */
const BATCH_MS = 700;

type AnnouncedView = Pick<TimelineView, 'messages' | 'loading' | 'hasNewer'>;

/** Announces messages of others that arrive to screen readers: one as "Ann: text", several as a number. */
export function useAnnouncements(view: AnnouncedView, me: UserId): void {
  const announcedUpTo = useRef<number | null>(null);
  useEffect(() => {
    if (view.loading === 'initial' || view.hasNewer) return undefined;
    const head = view.messages.at(-1)?.seq ?? 0;
    if (announcedUpTo.current === null) {
      announcedUpTo.current = head;
      return undefined;
    }
    const from = announcedUpTo.current;
    const unannounced = view.messages.filter(
      (message) => message.seq > from && message.sender.id !== me && !message.deleted,
    );
    if (unannounced.length === 0) {
      announcedUpTo.current = Math.max(from, head);
      return undefined;
    }
    const timer = setTimeout(() => {
      announcedUpTo.current = head;
      const [one] = unannounced;
      announce(
        unannounced.length === 1 && one
          ? `${nameInText(one.sender)}: ${truncate(messageText(one), 400)}`
          : `${unannounced.length} new messages`,
      );
    }, BATCH_MS);
    return () => clearTimeout(timer);
  }, [view, me]);
}

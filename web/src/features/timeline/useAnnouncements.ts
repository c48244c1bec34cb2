import type { TimelineView, UserId } from '@backchannel/client';
import { useEffect, useRef } from 'react';
import { announce } from '../../ui/announce.tsx';
import { truncate, nameInText } from '../../ui/names.ts';

/** A burst is gathered for as long as this before it is spoken of. */
const GATHER_MS = 700;

/** Has messages of others that come after `opened` read aloud: one as "Ann: text", a burst as a number. */
export function useAnnouncements(view: TimelineView, me: UserId, opened: boolean): void {
  const spokenUpTo = useRef<number | null>(null);
  useEffect(() => {
    if (!opened || view.loading === 'initial' || view.hasNewer) return undefined;
    const head = view.messages.at(-1)?.seq ?? 0;
    if (spokenUpTo.current === null) {
      spokenUpTo.current = head;
      return undefined;
    }
    const from = spokenUpTo.current;
    const news = view.messages.filter((message) => message.seq > from && message.sender.id !== me && !message.deleted);
    if (news.length === 0) {
      spokenUpTo.current = Math.max(from, head);
      return undefined;
    }
    const timer = setTimeout(() => {
      spokenUpTo.current = head;
      const [one] = news;
      announce(
        news.length === 1 && one
          ? `${nameInText(one.sender)}: ${truncate(one.content, 400)}`
          : `${news.length} new messages`,
      );
    }, GATHER_MS);
    return () => clearTimeout(timer);
  }, [view, me, opened]);
}

import type { ThreadView } from '@backchannel/client/features/threads';
import type { Seq } from '@backchannel/client';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Row } from './rows.ts';

/** So close to the end counts as being there. */
const AT_END_PX = 40;
/** The duration of the CSS animation. */
const FLASH_MS = 2_400;

interface ReplyScrollOptions {
  readonly scroller: RefObject<HTMLElement | null>;
  readonly view: ThreadView;
  readonly rows: readonly Row[];
  /** The seq of the reply to show, else null. */
  readonly around: Seq | null;
  readonly loadOlder: () => void;
  readonly loadNewer: () => void;
}

const rowOf = (scroller: HTMLElement | null, key: string): HTMLElement | null =>
  scroller?.querySelector<HTMLElement>(`[data-message="${CSS.escape(key)}"]`) ?? null;

/**
 * Places the replies of a thread, once: at the reply asked for, else at the unread divider, else at the end. From then on the end stays
 * in view for who is there, and what is read stays where it is when earlier replies come. Threads are short, so no rows are left out.
 */
export function useReplyScroll({ scroller, view, rows, around, loadOlder, loadNewer }: ReplyScrollOptions) {
  const placed = useRef(false);
  const height = useRef(0);
  const first = useRef<string | undefined>(undefined);
  const followsEnd = useRef(true);
  const [atEnd, setAtEnd] = useState(false);
  const [flash, setFlash] = useState<string | null>(null);

  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (!element || !placed.current) return;
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    followsEnd.current = below < AT_END_PX;
    setAtEnd(followsEnd.current);
    if (view.isLoading || view.error) return;
    if (element.scrollTop < element.clientHeight && view.hasOlder) loadOlder();
    else if (below < element.clientHeight && view.hasNewer) loadNewer();
  }, [scroller, view, loadOlder, loadNewer]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || view.root === null || (view.isLoading && !placed.current)) return;
    const isPrepended =
      placed.current && rows.some(({ key }) => key === first.current) && rows[0]?.key !== first.current;
    if (!placed.current) {
      placed.current = true;
      const target = rows.find((row) => row.kind === 'message' && around !== null && row.message.seq >= around);
      if (target) {
        rowOf(element, target.key)?.scrollIntoView({ block: 'center' });
        setFlash(target.key);
      } else {
        const divider = element.querySelector('[data-unread]');
        if (divider) divider.scrollIntoView({ block: 'start' });
        else element.scrollTop = element.scrollHeight;
      }
    } else if (followsEnd.current) element.scrollTop = element.scrollHeight;
    else if (isPrepended) element.scrollTop += element.scrollHeight - height.current;
    height.current = element.scrollHeight;
    first.current = rows[0]?.key;
    onScroll();
  }, [scroller, rows, view.root, view.isLoading, around, onScroll]);

  // Rows and the panel change size: edits, pictures, a growing field, a phone's keyboard.
  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const sizes = new ResizeObserver(() => {
      if (followsEnd.current) element.scrollTop = element.scrollHeight;
      height.current = element.scrollHeight;
    });
    for (const each of [element, ...element.children]) sizes.observe(each);
    return () => sizes.disconnect();
  }, [scroller]);

  useEffect(() => {
    if (flash === null) return undefined;
    const timer = setTimeout(() => setFlash(null), FLASH_MS);
    return () => clearTimeout(timer);
  }, [flash]);

  const showReply = useCallback(
    (key: string) => {
      followsEnd.current = false;
      rowOf(scroller.current, key)?.scrollIntoView({ block: 'center' });
      setFlash(key);
    },
    [scroller],
  );

  const goToEnd = useCallback(() => {
    followsEnd.current = true;
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [scroller]);

  return { atEnd, flash, onScroll, showReply, goToEnd };
}

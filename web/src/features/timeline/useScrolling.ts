import type { Room, TimelineView } from '@backchannel/client';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';
import { useChat } from '../../app/chat.ts';
import { composerSignals } from '../../app/composerSignals.ts';
import { useStore } from '../../ui/store.ts';
import { scrollPositionsOf } from './scrollPositions.ts';
import type { Row } from './rows.ts';

/** Within this distance, the list counts as being at its end. */
const AT_END_PX = 48;
/** Older and newer pages are loaded this many screens ahead. */
const LOAD_AHEAD_SCREENS = 2;
/** After the list is placed, scroll offsets are not reliable for this long. */
const MEASURE_MS = 250;
/** Events that mean the user scrolls. */
const USER_EVENTS = ['wheel', 'touchmove', 'pointerdown', 'keydown'] as const;
/** The room opens with the unread divider this far below the top, to show some read messages above it. */
const UNREAD_OFFSET_PX = 72;

interface ScrollingOptions {
  readonly room: Room;
  readonly view: TimelineView;
  readonly rows: readonly Row[];
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly list: RefObject<VirtualizerHandle | null>;
  /** The last value of `latestRequests` (composerSignals.ts) handled in this room. */
  readonly handledRequests: RefObject<number>;
}

/**
 * Controls the scroll position. The list opens at the position of the last visit (scrollPositions.ts), else at the
 * unread divider, else at its end. It follows its end while the user is there and keeps its place otherwise. Further
 * pages are loaded before the user reaches an end of the loaded ones.
 */
export function useScrolling({ room, view, rows, scroller, list, handledRequests }: ScrollingOptions) {
  const chat = useChat();
  /** Whether the list follows its end. */
  const followsEnd = useRef(true);
  /** Whether the list has been scrolled to its initial position. */
  const placed = useRef(false);
  /** Whether scroll offsets are reliable. */
  const measured = useRef(false);
  /** The end was requested before the first messages were loaded. */
  const endIsWanted = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const lastOffset = useRef(0);
  const lastHeight = useRef(0);
  // Null until the first rows are measured: until then nothing is marked as read and no button is shown.
  const [atEnd, setAtEnd] = useState<boolean | null>(null);
  const [topRow, setTopRow] = useState<Row | undefined>(undefined);

  const toEnd = useCallback(() => {
    followsEnd.current = true;
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [scroller]);

  const goToLatest = useCallback(async () => {
    const { messages, loading, error } = chat.getTimeline(room.id);
    // Only the first page tells where the end is: wait for it.
    endIsWanted.current = loading === 'initial' || (messages.length === 0 && error !== null);
    if (endIsWanted.current) return;
    if (chat.getTimeline(room.id).hasNewer) await chat.jumpToLatest(room.id);
    // If loading failed, LoadStatusPill says so.
    if (!chat.getTimeline(room.id).hasNewer) toEnd();
  }, [chat, room.id, toEnd]);

  /** Saves the position for the next visit. */
  const savePosition = (end: boolean, offset: number) => {
    const positions = scrollPositionsOf(chat);
    if (end) return positions.delete(room.id);
    let index = list.current?.findItemIndex(offset) ?? 0;
    while (rows[index] && rows[index]?.kind !== 'message') index += 1;
    const row = rows[index];
    if (row?.kind !== 'message' || !list.current) return undefined;
    const top = list.current.getItemOffset(index) - offset;
    return positions.set(room.id, { id: row.message.id, seq: row.message.seq, top });
  };

  const track = () => {
    const element = scroller.current;
    if (!element || !measured.current) return;
    const offset = element.scrollTop;
    const remaining = element.scrollHeight - offset - element.clientHeight;
    const end = remaining < AT_END_PX && !view.hasNewer;
    // Only scrolling up stops following the end. Rows that turn out smaller than estimated move the offset too.
    const scrolledUp = offset < lastOffset.current - 1 && element.scrollHeight === lastHeight.current;
    if (end) followsEnd.current = true;
    else if (scrolledUp) followsEnd.current = false;
    lastOffset.current = offset;
    lastHeight.current = element.scrollHeight;
    setAtEnd(end);
    savePosition(end, offset);
    // Not while following the end: rows that pass the top edge must not cause a render.
    if (!followsEnd.current) {
      const top = rows[list.current?.findItemIndex(offset) ?? 0];
      setTopRow((previous) => (previous?.key === top?.key ? previous : top));
    }
    if (view.loading !== null || view.error) return;
    const ahead = element.clientHeight * LOAD_AHEAD_SCREENS;
    if (offset < ahead && view.hasOlder) void chat.loadOlder(room.id);
    else if (remaining < ahead && view.hasNewer) void chat.loadNewer(room.id);
  };
  const latestTrack = useRef(track);
  latestTrack.current = track;

  // The initial position: that of the last visit, else the unread divider near the top, else the end. A request to show
  // the end, as after sending a message, has priority.
  const latestRequests = useStore(composerSignals, (value) => value.latestRequests);
  useLayoutEffect(() => {
    const showsEnd = endIsWanted.current || handledRequests.current !== latestRequests;
    handledRequests.current = latestRequests;
    if (showsEnd) void goToLatest();
    if (placed.current || rows.length === 0 || view.loading === 'initial') return;
    placed.current = true;
    if (showsEnd) return;
    const position = scrollPositionsOf(chat).get(room.id);
    const saved = position ? rows.findIndex((row) => row.kind === 'message' && row.message.seq >= position.seq) : -1;
    const unread = rows.findIndex((row) => row.kind === 'unread');
    const index = saved < 0 ? unread : saved;
    if (index < 0) return toEnd();
    followsEnd.current = false;
    const offset = position && saved >= 0 ? -position.top : -UNREAD_OFFSET_PX;
    list.current?.scrollToIndex(index, { align: 'start', offset });
  });

  const startTracking = useCallback(() => {
    clearTimeout(timer.current);
    if (measured.current) return;
    measured.current = true;
    lastOffset.current = scroller.current?.scrollTop ?? 0;
    lastHeight.current = scroller.current?.scrollHeight ?? 0;
    latestTrack.current();
  }, [scroller]);

  const suspendTracking = useCallback(() => {
    measured.current = false;
    clearTimeout(timer.current);
    timer.current = setTimeout(startTracking, MEASURE_MS);
  }, [startTracking]);

  useEffect(() => {
    const element = scroller.current;
    suspendTracking();
    // If the user scrolls earlier, offsets are reliable from then on.
    for (const name of USER_EVENTS) element?.addEventListener(name, startTracking, { passive: true });
    return () => {
      clearTimeout(timer.current);
      for (const name of USER_EVENTS) element?.removeEventListener(name, startTracking);
      // Effects may run twice (strict mode), and virtua forgets its position in between: place the list again.
      placed.current = false;
    };
  }, [scroller, startTracking, suspendTracking]);

  /** Call before scrolling to a row: stops following the end, and loading pages that would move the row. */
  const stopFollowing = useCallback(() => {
    followsEnd.current = false;
    suspendTracking();
  }, [suspendTracking]);

  // New rows keep the end in view if the list follows it. A page shorter than the screen causes no scroll event, so
  // track here to load the next one.
  useLayoutEffect(() => {
    if (placed.current && followsEnd.current && !view.hasNewer && rows.length > 0) toEnd();
    latestTrack.current();
  }, [rows, view, toEnd]);

  // Follow the end when the list or its rows change size: edits, a growing composer, a phone's keyboard. For the rows'
  // height, observe the style that virtua writes: a ResizeObserver would be one frame late.
  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const follow = () => {
      if (followsEnd.current) toEnd();
    };
    const sizes = new ResizeObserver(follow);
    sizes.observe(element);
    const heights = new MutationObserver(follow);
    for (const child of element.children) heights.observe(child, { attributes: true, attributeFilter: ['style'] });
    return () => {
      sizes.disconnect();
      heights.disconnect();
    };
  }, [scroller, toEnd]);

  return { atEnd, topRow, onScroll: track, goToLatest, stopFollowing };
}

import type { Room, TimelineView } from '@backchannel/client';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';
import { useChat } from '../../app/chat.ts';
import { composerSignals } from '../../app/composerSignals.ts';
import { useStore } from '../../ui/store.ts';
import { scrollPositionsOf } from './scrollPositions.ts';
import type { Row } from './rows.ts';

/** Closer to the end than this counts as being there. */
const AT_END_PX = 48;
/** Older and newer pages are asked for this many screens ahead. */
const AHEAD_SCREENS = 2;
/** From the first rows to the first offset that can be believed. */
const SETTLE_MS = 250;
/** What says that a person moves the list. */
const HANDS = ['wheel', 'touchmove', 'pointerdown', 'keydown'] as const;
/** The unread mark is first seen this far below the top, with a little of what was read above it. */
const ABOVE_UNREAD_PX = 72;

interface Scrolling {
  readonly room: Room;
  readonly view: TimelineView;
  readonly rows: readonly Row[];
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly list: RefObject<VirtualizerHandle | null>;
  /** The last wish to see the end that was heard in this room (composing.ts). */
  readonly handledRequests: RefObject<number>;
}

/**
 * Where the list stands, and what moves it: it opens where it was left (places.ts), else at the unread mark, follows its end for
 * those who are there, stays put for all others, and loads more before an end of what is held comes into sight.
 */
export function useScrolling({ room, view, rows, scroller, list, handledRequests }: Scrolling) {
  const chat = useChat();
  const sticky = useRef(true);
  const placed = useRef(false);
  const settled = useRef(false);
  /** Asked for before the first messages were there. */
  const endIsWanted = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const lastOffset = useRef(0);
  // Unknown until the first rows are measured: until then nothing is read, and nothing is offered.
  const [atEnd, setAtEnd] = useState<boolean | null>(null);
  const [topRow, setTopRow] = useState<Row | undefined>(undefined);

  const toEnd = useCallback(() => {
    sticky.current = true;
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [scroller]);

  const goToLatest = useCallback(async () => {
    const { messages, loading, error } = chat.getTimeline(room.id);
    // Where the newest is, the first page says.
    endIsWanted.current = loading === 'initial' || (messages.length === 0 && error !== null);
    if (endIsWanted.current) return;
    if (chat.getTimeline(room.id).hasNewer) await chat.jumpToLatest(room.id);
    // Where it could not be loaded, the note over the list says so.
    if (!chat.getTimeline(room.id).hasNewer) toEnd();
  }, [chat, room.id, toEnd]);

  /** For the next visit. */
  const remember = (end: boolean, offset: number) => {
    const places = scrollPositionsOf(chat);
    if (end) return places.delete(room.id);
    let index = list.current?.findItemIndex(offset) ?? 0;
    while (rows[index] && rows[index]?.kind !== 'message') index += 1;
    const row = rows[index];
    if (row?.kind !== 'message' || !list.current) return undefined;
    const top = list.current.getItemOffset(index) - offset;
    return places.set(room.id, { id: row.message.id, seq: row.message.seq, top });
  };

  const look = () => {
    const element = scroller.current;
    if (!element || !settled.current) return;
    const offset = element.scrollTop;
    const left = element.scrollHeight - offset - element.clientHeight;
    const end = left < AT_END_PX && !view.hasNewer;
    // Only somebody's scrolling up lets go of the end; a row that grew below does not.
    if (end) sticky.current = true;
    else if (offset < lastOffset.current - 1) sticky.current = false;
    lastOffset.current = offset;
    setAtEnd(end);
    remember(end, offset);
    // For those who scroll; the rows that pass the edge while the end is followed are no reason to draw.
    if (!sticky.current) {
      const top = rows[list.current?.findItemIndex(offset) ?? 0];
      setTopRow((held) => (held?.key === top?.key ? held : top));
    }
    if (view.loading !== null || view.error) return;
    const ahead = element.clientHeight * AHEAD_SCREENS;
    if (offset < ahead && view.hasOlder) void chat.loadOlder(room.id);
    else if (left < ahead && view.hasNewer) void chat.loadNewer(room.id);
  };
  const looking = useRef(look);
  looking.current = look;

  // First sight: where it was left, or with the unread mark near the top, else the end. One's own message is always shown,
  // and so is the end when it is asked for.
  const latestRequests = useStore(composerSignals, (value) => value.latestRequests);
  useLayoutEffect(() => {
    const wanted = endIsWanted.current || handledRequests.current !== latestRequests;
    handledRequests.current = latestRequests;
    if (wanted) void goToLatest();
    if (placed.current || rows.length === 0 || view.loading === 'initial') return;
    placed.current = true;
    if (wanted) return;
    const place = scrollPositionsOf(chat).get(room.id);
    const left = place ? rows.findIndex((row) => row.kind === 'message' && row.message.seq >= place.seq) : -1;
    const unread = rows.findIndex((row) => row.kind === 'unread');
    const index = left < 0 ? unread : left;
    if (index < 0) return toEnd();
    sticky.current = false;
    const offset = place && left >= 0 ? -place.top : -ABOVE_UNREAD_PX;
    list.current?.scrollToIndex(index, { align: 'start', offset });
  });

  const settle = useCallback(() => {
    clearTimeout(timer.current);
    if (settled.current) return;
    settled.current = true;
    lastOffset.current = scroller.current?.scrollTop ?? 0;
    looking.current();
  }, [scroller]);

  const unsettle = useCallback(() => {
    settled.current = false;
    clearTimeout(timer.current);
    timer.current = setTimeout(settle, SETTLE_MS);
  }, [settle]);

  useEffect(() => {
    const element = scroller.current;
    unsettle();
    // Whoever scrolls before that is believed at once.
    for (const name of HANDS) element?.addEventListener(name, settle, { passive: true });
    return () => {
      clearTimeout(timer.current);
      for (const name of HANDS) element?.removeEventListener(name, settle);
      // Effects may run twice (strict mode), and virtua forgets in between where it was sent: send it again.
      placed.current = false;
    };
  }, [scroller, settle, unsettle]);

  /** Before the list is sent somewhere: it no longer follows its end, and loads nothing that would move the target. */
  const stopFollowing = useCallback(() => {
    sticky.current = false;
    unsettle();
  }, [unsettle]);

  // What arrives keeps the end in sight for those who were there; and a page shorter than the screen never scrolls, so
  // it asks for the next by itself.
  useLayoutEffect(() => {
    if (placed.current && sticky.current && !view.hasNewer && rows.length > 0) toEnd();
    looking.current();
  }, [rows, view, toEnd]);

  // The list or its rows changed size: pictures, edits, the composer growing, the keyboard of a phone. The height of the
  // rows is read off the style that virtua writes: a size observer there would always be one frame late.
  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const follow = () => {
      if (sticky.current) toEnd();
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

  return { atEnd, topRow, onScroll: look, goToLatest, stopFollowing };
}

import type { Quote, Room, TimelineView, User } from '@backchannel/client';
import { ArrowDown } from 'lucide-react';
import {
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { useChat } from '../../app/chat.ts';
import { composing } from '../../app/composing.ts';
import { Spinner } from '../../ui/Spinner.tsx';
import { useStore } from '../../ui/store.ts';
import { dayLabel } from '../../ui/time.ts';
import { useNow } from '../../ui/useNow.ts';
import { DayPill } from './DayPill.tsx';
import { MessageRow } from './MessageRow.tsx';
import { PendingRow } from './PendingRow.tsx';
import { type Row, rowsOf } from './rows.ts';
import { RoomStart } from './RoomStart.tsx';
import { useReading } from './useReading.ts';
import { useSteps } from './useSteps.ts';
import { useRovingRows } from './useRovingRows.ts';

export interface MessageListHandle {
  /** Brings a message into sight and marks it for a moment; loads the page around it if need be. */
  jumpTo(target: Pick<Quote, 'id' | 'seq'>): void;
}

interface MessageListProps {
  readonly ref: Ref<MessageListHandle>;
  readonly room: Room;
  readonly view: TimelineView;
  readonly me: User;
  readonly onJump: (quote: Quote) => void;
}

/** Closer to the end than this counts as being there. */
const AT_END_PX = 48;
/** From the first rows to the first offset that can be believed. */
const SETTLE_MS = 250;
/** Older and newer pages are asked for this many screens ahead. */
const AHEAD_SCREENS = 2;

export function MessageList({ ref, room, view, me, onJump }: MessageListProps) {
  const chat = useChat();
  const wantedRows = useMemo(() => rowsOf(view, me), [view, me]);
  const { rows, shift } = useSteps(wantedRows);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const sticky = useRef(true);
  const lastOffset = useRef(0);
  const placed = useRef(false);
  const settled = useRef(false);
  // Unknown until the first rows are measured: until then nothing is read, and nothing is offered.
  const [atEnd, setAtEnd] = useState<boolean | null>(null);
  const [flash, setFlash] = useState<string | null>(null);
  const [wanted, setWanted] = useState<Pick<Quote, 'id' | 'seq'> | null>(null);
  const [topRow, setTopRow] = useState(0);
  const sentTurn = useStore(composing, (value) => value.sentTurn);
  const now = useNow();
  const roving = useRovingRows(rows, scroller, list);
  const newBelow = useReading(room, view, me, atEnd === true);

  const toEnd = useCallback(() => {
    sticky.current = true;
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, []);

  // Effects may run twice (strict mode), and virtua forgets what it was told in between: so is this.
  useLayoutEffect(
    () => () => {
      placed.current = false;
    },
    [],
  );

  // First sight: the unread mark near the top if there is one, else the end.
  useLayoutEffect(() => {
    if (placed.current || rows.length === 0 || view.loading === 'initial') return;
    placed.current = true;
    // The first rows are measured only now; until they are, an offset says nothing about what to load.
    setTimeout(() => {
      settled.current = true;
      const element = scroller.current;
      if (element) onScroll(element.scrollTop);
    }, SETTLE_MS);
    const unread = rows.findIndex((row) => row.kind === 'unread');
    if (unread < 0) toEnd();
    else {
      sticky.current = false;
      list.current?.scrollToIndex(unread, { align: 'start', offset: -72 });
    }
  });

  // What arrives keeps the end in sight only for those who were there. (`view` is what may have moved it.)
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useLayoutEffect(() => {
    if (placed.current && sticky.current && !view.hasNewer) toEnd();
  }, [rows, view.hasNewer, toEnd]);

  // One's own message is always shown.
  const lastSent = useRef(sentTurn);
  useEffect(() => {
    if (lastSent.current === sentTurn) return;
    lastSent.current = sentTurn;
    if (view.hasNewer) void chat.jumpToLatest(room.id).then(toEnd);
    else toEnd();
  }, [sentTurn, view.hasNewer, chat, room.id, toEnd]);

  // The list, its rows or the window changed size: pictures, edits, the composer growing, the keyboard of a phone.
  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => {
      if (sticky.current) toEnd();
    });
    observer.observe(element);
    for (const child of element.children) observer.observe(child);
    return () => observer.disconnect();
  }, [toEnd]);

  // A jump waits here until its message is loaded.
  useEffect(() => {
    if (!wanted || view.loading === 'initial') return;
    if (view.error) setWanted(null);
    const index = rows.findIndex(
      (row) => row.key === wanted.id || (row.kind === 'message' && row.message.seq >= wanted.seq),
    );
    const row = rows[index];
    if (!row || (row.key !== wanted.id && wanted.id !== '')) return;
    setWanted(null);
    sticky.current = false;
    list.current?.scrollToIndex(index, { align: 'center' });
    setFlash(row.key);
  }, [wanted, rows, view.loading, view.error]);

  useEffect(() => {
    if (flash === null) return undefined;
    const timer = setTimeout(() => setFlash(null), 2_400);
    return () => clearTimeout(timer);
  }, [flash]);

  useImperativeHandle(ref, () => ({
    jumpTo(target) {
      setWanted(target);
      const loaded = view.messages.some((message) => message.id === target.id);
      if (!loaded) void chat.openRoom(room.id, { around: target.seq });
    },
  }));

  const onScroll = (offset: number) => {
    const element = scroller.current;
    if (!element || !placed.current) return;
    const left = element.scrollHeight - offset - element.clientHeight;
    const end = left < AT_END_PX;
    // Only somebody's scrolling up lets go of the end; a row that grew below does not.
    if (end && !view.hasNewer) sticky.current = true;
    else if (offset < lastOffset.current - 1) sticky.current = false;
    lastOffset.current = offset;
    setAtEnd(end && !view.hasNewer);
    if (settled.current) setTopRow(list.current?.findItemIndex(offset) ?? 0);
    loadMore(offset, left);
  };

  const loadMore = (offset: number, left: number) => {
    const ahead = (scroller.current?.clientHeight ?? 0) * AHEAD_SCREENS;
    if (!settled.current || view.loading !== null || view.error) return;
    if (offset < ahead && view.hasOlder) void chat.loadOlder(room.id);
    else if (left < ahead && view.hasNewer) void chat.loadNewer(room.id);
  };

  // A page shorter than the screen never scrolls: it asks for the next by itself.
  // biome-ignore lint/correctness/useExhaustiveDependencies: after every change of what is held
  useEffect(() => {
    const element = scroller.current;
    if (element) loadMore(element.scrollTop, element.scrollHeight - element.scrollTop - element.clientHeight);
  }, [view]);

  const goToLatest = () => {
    if (view.hasNewer) void chat.jumpToLatest(room.id).then(toEnd);
    else toEnd();
  };

  const draw = (row: Row) => {
    const tabbable = roving.tabbable === row.key;
    switch (row.kind) {
      case 'start':
        return <RoomStart key="start" room={room} />;
      case 'day':
        return <DayLine key={row.key} label={dayLabel(row.at, now)} />;
      case 'unread':
        return <UnreadLine key="unread" />;
      case 'message':
        return (
          <MessageRow
            key={row.key}
            message={row.message}
            at={row.at}
            first={row.first}
            me={me}
            tabbable={tabbable}
            flash={flash === row.key}
            onJump={onJump}
          />
        );
      case 'pending':
        return (
          <PendingRow
            key={row.key}
            pending={row.pending}
            quote={row.quote}
            at={row.at}
            first={row.first}
            me={me}
            tabbable={tabbable}
            onJump={onJump}
          />
        );
    }
  };

  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroller}
        onKeyDown={(event) => {
          if (event.key === 'Escape') goToLatest();
          roving.onKeyDown(event);
        }}
        onFocus={roving.onFocus}
        role="feed"
        aria-label="Messages"
        aria-busy={view.loading !== null}
        className="flex h-full flex-col overflow-x-hidden overflow-y-auto overscroll-contain [overflow-anchor:none]"
      >
        {/* Few messages lie at the bottom, by the composer. */}
        <div className="grow" />
        <Virtualizer
          ref={list}
          scrollRef={scroller}
          shift={shift}
          keepMounted={roving.keepMounted}
          onScroll={onScroll}
          bufferSize={600}
        >
          {rows.map(draw)}
        </Virtualizer>
        <div className="h-3 shrink-0" />
      </div>
      <DayPill row={rows[topRow]} now={now} />
      <TopNote view={view} onRetry={() => void chat.loadOlder(room.id)} />
      {atEnd === false && (
        <button
          type="button"
          onClick={goToLatest}
          className="absolute right-5 bottom-3 z-10 flex h-9 animate-rise items-center gap-1.5 rounded-full bg-raised px-3.5 text-sm font-medium text-ink-soft shadow-float hover:text-ink"
        >
          <ArrowDown className="size-4" aria-hidden="true" />
          {newBelow > 0 ? (
            <span className="text-accent">
              {newBelow >= 100 ? '99+' : newBelow} new {newBelow === 1 ? 'message' : 'messages'}
            </span>
          ) : (
            'Latest'
          )}
        </button>
      )}
    </div>
  );
}

function DayLine({ label }: { readonly label: string }) {
  return (
    <div className="flex items-center gap-3 px-3 pt-5 pb-2 md:px-5" role="separator" aria-label={label}>
      <span className="h-px flex-1 bg-line" />
      <span className="text-xs font-medium text-ink-faint">{label}</span>
      <span className="h-px flex-1 bg-line" />
    </div>
  );
}

function UnreadLine() {
  return (
    <div className="flex items-center gap-2.5 px-3 pt-2 pb-1 md:px-5" role="separator" aria-label="New messages">
      <span className="h-px flex-1 bg-ember opacity-60" />
      <span className="text-xs font-semibold text-ember">New</span>
    </div>
  );
}

function TopNote({ view, onRetry }: { readonly view: TimelineView; readonly onRetry: () => void }) {
  const failed = view.error !== null && view.messages.length > 0;
  if (view.loading !== 'older' && !failed) return null;
  return (
    <div className="absolute inset-x-0 top-2.5 z-10 mx-auto w-fit rounded-full bg-raised px-3 py-1.5 text-xs text-ink-soft shadow-float">
      {failed ? (
        <span role="alert">
          Older messages could not be loaded.{' '}
          <button type="button" onClick={onRetry} className="font-semibold text-accent hover:underline">
            Try again
          </button>
        </span>
      ) : (
        <span className="flex items-center gap-2">
          <Spinner className="size-3.5" /> Loading
        </span>
      )}
    </div>
  );
}

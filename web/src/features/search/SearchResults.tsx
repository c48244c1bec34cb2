import type { Room, UserId } from '@backchannel/client';
import { type ReactNode, useEffect, useRef } from 'react';
import { problemText } from '../../app/runCommand.ts';
import { announce } from '../../ui/announce.tsx';
import { Button } from '../../ui/Button.tsx';
import { cx } from '../../ui/classes.ts';
import { Spinner } from '../../ui/Spinner.tsx';
import { useNow } from '../../ui/useNow.ts';
import { HitRow } from './HitRow.tsx';
import type { useHitList } from './useHitList.ts';
import type { ShownSearch } from './useMessageSearch.ts';

interface SearchResultsProps {
  readonly search: ShownSearch;
  readonly list: ReturnType<typeof useHitList>;
  readonly rooms: readonly Room[];
  readonly me: UserId;
  /** The id of the message whose text is shown as a whole. */
  readonly whole: string | null;
}

/** The hits, and in what state the search is: nothing asked, loading, slow, none found, failed, not everything searched. */
export function SearchResults({ search, list, rooms, me, whole }: SearchResultsProps) {
  const now = useNow();
  useAnnouncedCount(search);
  const { hits, isLoading, query } = search;
  return (
    <div className="flex h-[60dvh] min-h-0 shrink flex-col" aria-busy={isLoading}>
      <div className="scroll-thin min-h-0 flex-1 overflow-y-auto">
        {hits.length > 0 && (
          <ul
            {...list.listProps}
            aria-label="Messages found"
            className={cx('p-1.5 transition-opacity', isLoading && search.query !== '' && 'opacity-80')}
          >
            {hits.map((hit, index) => (
              <li
                key={hit.message.id}
                {...list.optionProps(index, hit)}
                className="flex cursor-default gap-2.5 rounded-md px-2.5 py-2 aria-selected:bg-hover"
              >
                <HitRow
                  hit={hit}
                  room={rooms.find(({ id }) => id === hit.message.room_id)}
                  me={me}
                  now={now}
                  isWhole={whole === hit.message.id}
                />
              </li>
            ))}
          </ul>
        )}
        {query.trim() === '' ? <Hints /> : <Status search={search} />}
      </div>
    </div>
  );
}

function Status({ search }: { readonly search: ShownSearch }) {
  const { hits, isLoading, isSlow, hasMore, isPartial, error, more } = search;
  if (error) {
    const text =
      error.code === 'offline' ? 'You are offline. Messages are searched on the server.' : problemText(error);
    return (
      <Centered role="alert">
        {text}
        <Button size="sm" onClick={more}>
          Try again
        </Button>
      </Centered>
    );
  }
  if (isLoading) {
    return (
      <Centered>
        <Spinner className="size-5" />
        {isSlow ? 'Still searching…' : hits.length === 0 && <span className="sr-only">Searching…</span>}
      </Centered>
    );
  }
  if (isPartial && hasMore) {
    return (
      <Centered>
        {hits.length === 0 ? 'Nothing found so far. ' : ''}Not everything could be searched in time.
        <Button size="sm" onClick={more}>
          Search further back
        </Button>
      </Centered>
    );
  }
  if (hits.length === 0) {
    return (
      <Centered>
        <p>No message has all of this.</p>
        <p className="text-xs text-ink-faint">
          Fewer words find more. Three letters are enough for the beginning of a word.
        </p>
      </Centered>
    );
  }
  return hasMore ? (
    <MoreWhenVisible more={more} />
  ) : (
    <Centered>{isPartial ? 'New messages are still being indexed.' : null}</Centered>
  );
}

function Centered({ role, children }: { readonly role?: string; readonly children: ReactNode }) {
  if (children === null) return null;
  return (
    <div role={role} className="flex flex-col items-center gap-2.5 px-5 py-8 text-center text-ink-soft">
      {children}
    </div>
  );
}

/** Reads the next page when the end of the list comes into view. */
function MoreWhenVisible({ more }: { readonly more: () => void }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const observer = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && more());
    observer.observe(element);
    return () => observer.disconnect();
  }, [more]);
  return (
    <div ref={ref} className="flex justify-center py-3">
      <Button size="sm" look="ghost" onClick={more}>
        Show more
      </Button>
    </div>
  );
}

const HINTS: readonly (readonly [string, string])[] = [
  ['deploy', 'words that begin so'],
  ['"did not start"', 'these words, in this order'],
  ['-staging', 'not with this word'],
  ['from:ada in:garden', 'who wrote it, and where'],
  ['after:2026-01-31 has:link', 'since when, with what'],
];

function Hints() {
  return (
    <dl className="flex flex-col gap-2 px-5 py-5 text-sm">
      {HINTS.map(([typed, meaning]) => (
        <div key={typed} className="flex flex-wrap gap-x-3">
          <dt className="min-w-48 font-mono text-xs leading-5 text-ink">{typed}</dt>
          <dd className="text-ink-faint">{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}

function useAnnouncedCount({ hits, isLoading, hasMore, error, query }: ShownSearch): void {
  const count = hits.length;
  const isAsked = query.trim() !== '' && !isLoading && !error;
  useEffect(() => {
    if (!isAsked) return;
    if (count === 0) announce('No messages found');
    else announce(`${count}${hasMore ? ' or more' : ''} ${count === 1 ? 'message' : 'messages'} found`);
  }, [isAsked, count, hasMore, query]);
}

import type { Hit, RoomId } from '@backchannel/client';
import { type MessageSearch, type SearchView, withSearch } from '@backchannel/client/features/search';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useChat, useIsReachable } from '../../app/chat.ts';
import { lateFeature } from '../../app/lateFeatures.ts';

export type Order = 'newest' | 'best';

const searchOf = lateFeature(withSearch);

/** A search that takes longer says so. */
const SLOW_MS = 2_500;

export interface ShownSearch extends SearchView {
  /** The hits of the query before this one stay until the first answer comes. */
  readonly hits: readonly Hit[];
  readonly isSlow: boolean;
  more(): void;
}

/** Searches while `query` changes, and again when the server answers after a failure. */
export function useMessageSearch(query: string, roomId: RoomId | null, order: Order): ShownSearch {
  const chat = useChat();
  const isReachable = useIsReachable();
  const search = useRef<MessageSearch | null>(null);
  const [view, setView] = useState<SearchView | null>(null);
  const [isTyping, setTyping] = useState(false);
  const [isSlow, setSlow] = useState(false);
  const [before, setBefore] = useState<readonly Hit[]>([]);
  const latest = useRef(query);
  latest.current = query;

  useEffect(() => {
    const opened = searchOf(chat).openSearch({
      order,
      ...(roomId !== null && { roomId }),
      changed() {
        const { hits, isLoading, query: asked } = opened.view;
        const isBlank = asked.trim() === '';
        if (isLoading || isBlank) setTyping(false);
        if (hits.length > 0 || isBlank) setBefore(hits);
        setView(opened.view);
      },
    });
    search.current = opened;
    opened.type(latest.current);
    void opened.submit();
    return () => {
      search.current = null;
      opened.close();
    };
  }, [chat, roomId, order]);

  useEffect(() => {
    if (!search.current || search.current.view.query === query) return;
    setTyping(query.trim() !== '');
    search.current.type(query);
  }, [query]);

  const hasFailed = view?.error !== null && view?.error !== undefined;
  useEffect(() => {
    if (isReachable && search.current?.view.error) void search.current.more();
  }, [isReachable]);

  const isLoading = isTyping || view?.isLoading === true;
  useEffect(() => {
    setSlow(false);
    if (!isLoading) return undefined;
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, [isLoading]);

  const more = useCallback(() => {
    // Without a connection the next try may be a minute away; the user asks for one now.
    if (search.current?.view.error) chat.retryNow();
    void search.current?.more();
  }, [chat]);
  const hits = view?.hits ?? [];
  const showsBefore = hits.length === 0 && isLoading && query.trim() !== '' && !hasFailed;
  return {
    query,
    hits: showsBefore ? before : hits,
    isLoading,
    hasMore: view?.hasMore ?? false,
    isPartial: view?.isPartial ?? false,
    error: view?.error ?? null,
    isSlow,
    more,
  };
}

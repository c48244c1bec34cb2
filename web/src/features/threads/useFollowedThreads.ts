import type { Thread } from '@backchannel/client';
import type { ThreadsChat } from '@backchannel/client/features/threads';
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { useChat, useChatState, useIsReachable } from '../../app/chat.ts';
import { problemText } from '../../app/runCommand.ts';

export interface FollowedThreads {
  /** Null until they are loaded. */
  readonly threads: readonly Thread[] | null;
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  /** A sentence, if the last load failed. */
  readonly problem: string | null;
  reload(): void;
  more(): void;
}

/** The threads that the user follows, loaded again whenever a count changes or the connection is back. */
export function useFollowedThreads(client: ThreadsChat, onlyUnread: boolean): FollowedThreads {
  const chat = useChat();
  const list = useSyncExternalStore(chat.subscribe, client.getThreads);
  const counts = useChatState((state) => state.rooms.map((room) => room.thread_unread_count ?? 0).join());
  const isReachable = useIsReachable();
  const [loads, setLoads] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);
  // One after the other: the client holds one list, and the last load is the one that was asked for last.
  const chain = useRef<Promise<void>>(Promise.resolve());

  const load = useCallback(
    (filter: { readonly unread: boolean; readonly more?: boolean }) => {
      setLoads((count) => count + 1);
      chain.current = chain.current.then(async () => {
        try {
          await client.loadThreads(filter);
          setProblem(null);
        } catch (error) {
          setProblem(problemText(error));
        }
        setLoads((count) => count - 1);
      });
    },
    [client],
  );

  useEffect(() => {
    if (isReachable) load({ unread: onlyUnread });
  }, [load, onlyUnread, counts, isReachable]);

  const threads = useMemo(
    () => (onlyUnread ? (list.threads?.filter(({ unread_count }) => unread_count > 0) ?? null) : list.threads),
    [list.threads, onlyUnread],
  );
  return {
    threads,
    hasMore: list.hasMore,
    isLoading: loads > 0,
    problem,
    reload: () => load({ unread: onlyUnread }),
    more: () => load({ unread: onlyUnread, more: true }),
  };
}

import type { Later } from '@backchannel/client/features/late';
import type { ThreadsChat } from '@backchannel/client/features/threads';
import { createStore } from '../ui/store.ts';
import { loadThreads } from './lazyWithRetry.ts';
import type { Threads } from './threads.ts';

/** `later` is in the chat, and keeps the frames that come before the code of threads. */
export function createThreads(later: Later): Threads {
  const loaded = createStore<ThreadsChat | null>(null);
  let loading: Promise<ThreadsChat> | null = null;
  return {
    loaded,
    load() {
      loading ??= loadThreads().then(({ withThreads }) => {
        const threads = later.compose(withThreads);
        loaded.set(threads);
        return threads;
      });
      return loading;
    },
  };
}

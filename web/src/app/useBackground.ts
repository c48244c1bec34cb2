import { useEffect } from 'react';
import { useLocation } from 'wouter';
import { useChat } from './chat.ts';
import { loadLazyBundle } from './lazyWithRetry.ts';
import { useSignedIn } from './signedIn.ts';

/** Leaves the first paint, and what it loads, undisturbed. */
const DELAY_MS = 1_000;

/** Starts the service worker and notifications shortly after the first paint. */
export function useBackground(): void {
  const chat = useChat();
  const { files, tabs, threads } = useSignedIn();
  const [, navigate] = useLocation();
  useEffect(() => {
    let stop = () => {};
    let unmounted = false;
    const start = async () => {
      // Goes on with files that an earlier visit left.
      void files.load();
      void threads.load();
      const { startBackground } = await loadLazyBundle();
      if (!unmounted) stop = startBackground(chat, tabs, navigate);
    };
    const timer = setTimeout(() => void start(), DELAY_MS);
    return () => {
      unmounted = true;
      clearTimeout(timer);
      stop();
    };
  }, [chat, files, tabs, threads, navigate]);
}

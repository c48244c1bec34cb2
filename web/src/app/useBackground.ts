import { useEffect } from 'react';
import { useLocation } from 'wouter';
import { useChat } from './chat.ts';
import { loadLazyBundle } from './lazyWithRetry.ts';
import { useSignedIn } from './signedIn.ts';

/** After the first paint, and whatever else is loaded then. */
const LATER_MS = 1_000;

/** The service worker and the notifications: nothing that a first paint waits for. */
export function useBackground(): void {
  const chat = useChat();
  const { tabs } = useSignedIn();
  const [, navigate] = useLocation();
  useEffect(() => {
    let stop = () => {};
    let over = false;
    const start = async () => {
      const { startBackground } = await loadLazyBundle();
      if (!over) stop = startBackground(chat, tabs, navigate);
    };
    const timer = setTimeout(() => void start(), LATER_MS);
    return () => {
      over = true;
      clearTimeout(timer);
      stop();
    };
  }, [chat, tabs, navigate]);
}

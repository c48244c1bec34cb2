/**
 * @backchannel/client/browser: what a window knows about itself. Hints, never proof.
 */
import type { HostEvents } from './types.ts';

/** The window's own events where there is one, else silence. */
export function browserEvents(): HostEvents {
  const { document, navigator } = globalThis;
  if (!document) return { subscribe: () => () => {}, isOnline: () => true };
  return {
    isOnline: () => navigator.onLine,
    subscribe(listener) {
      const stop = new AbortController();
      const on = (target: EventTarget, type: string, run: () => void): void =>
        target.addEventListener(type, run, { signal: stop.signal });
      on(globalThis, 'online', () => listener('online'));
      on(globalThis, 'offline', () => listener('offline'));
      on(globalThis, 'focus', () => listener('wake'));
      // Back from the back/forward cache or a frozen tab: the socket may be long dead.
      on(globalThis, 'pageshow', () => listener('wake'));
      on(document, 'resume', () => listener('wake'));
      on(document, 'visibilitychange', () => listener(document.hidden ? 'hidden' : 'visible'));
      return () => stop.abort();
    },
  };
}

/**
 * @backchannel/client/browser: events of the window. Hints, never proof.
 */
import { NO_EVENTS } from './environment.ts';
import type { HostEvents, HostFact } from './types.ts';

/** The window's events; none where there is no window. */
export function browserEvents(): HostEvents {
  const { document, navigator } = globalThis;
  if (!document) return NO_EVENTS;
  return {
    isOnline: () => navigator.onLine,
    subscribe(listener) {
      const stop = new AbortController();
      const { signal } = stop;
      const on = (target: EventTarget, type: string, fact?: HostFact): void =>
        target.addEventListener(type, () => listener(fact ?? (document.hidden ? 'hidden' : 'visible')), { signal });
      on(globalThis, 'online', 'online');
      on(globalThis, 'offline', 'offline');
      on(globalThis, 'focus', 'wake');
      // Back from the back/forward cache or a frozen tab: the socket may be long dead.
      on(globalThis, 'pageshow', 'wake');
      on(document, 'resume', 'wake');
      on(document, 'visibilitychange');
      return () => stop.abort();
    },
  };
}

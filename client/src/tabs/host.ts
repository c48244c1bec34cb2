/**
 * What sharing needs of the browser: locks and a channel that all tabs of an origin have in common.
 *
 * The only module here that reaches for globals. A browser without them (an old one, a page on plain
 * http, Node) has `locks: null`, and each tab connects for itself.
 */
export interface TabsHost {
  readonly locks: Pick<LockManager, 'request' | 'query'> | null;
  openChannel(name: string): BroadcastChannel;
  isVisible(): boolean;
  /** `leave`: the page is about to be frozen, or put into the back/forward cache. `seen`: it is visible again. */
  subscribe(listener: (fact: 'leave' | 'seen') => void): () => void;
}

/** A browser that keeps nothing for this page may refuse channels too. */
function hasChannels(): boolean {
  try {
    new BroadcastChannel('backchannel').close();
    return true;
  } catch {
    return false;
  }
}

export function browserHost(): TabsHost {
  const { navigator, document } = globalThis;
  const shares = 'locks' in (navigator ?? {}) && document && hasChannels();
  return {
    locks: shares ? navigator.locks : null,
    openChannel: (name) => new BroadcastChannel(name),
    isVisible: () => document?.visibilityState === 'visible',
    subscribe(listener) {
      if (!document) return () => {};
      const stop = new AbortController();
      const { signal } = stop;
      const leave = (): void => listener('leave');
      globalThis.addEventListener('pagehide', leave, { signal });
      document.addEventListener('freeze', leave, { signal });
      document.addEventListener('visibilitychange', () => document.hidden || listener('seen'), { signal });
      return () => stop.abort();
    },
  };
}

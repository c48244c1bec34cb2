/**
 * Dynamic imports that retry until they succeed, for code that the first paint does not need.
 *
 * Chromium caches a failed import in the page's module map: the same URL is never requested again, even when the
 * network is back. So each retry adds a different query to the URL. That helps for the module itself but not for its
 * own imports; therefore a lazy chunk imports only what was loaded with the app (`web/lazyChunks.ts` sees to it).
 */
import { type ComponentType, lazy } from 'react';
import type * as LazyBundle from './lazyBundle.ts';

/** The retry delay doubles from the first to the longest. */
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;
/**
 * sessionStorage key, set once the page was reloaded for missing files: a second reload would not help and could loop.
 */
const RELOADED_KEY = 'backchannel.reloaded';

/** Components and functions that are not needed for the first paint. */
export const loadLazyBundle = once(() => import('./lazyBundle.ts'));
/** The list of messages, and that of a thread's replies: as the lexer, since the first paint has no messages. */
export const loadMessageList = once(() => import('../features/timeline/lazyTimeline.ts'));
/** The Markdown lexer: a tenth of the app's code, and the first paint has no messages. */
export const loadLexer = once(() => import('../features/timeline/markdown/lexer.ts'));
/** Files: those of messages, the client's part of sending them, the tray above the composer, the pictures over the window. */
export const loadFiles = once(() => import('../features/files/lazyFiles.ts'));
/** The page of the fleet, which staff open in place of the chat. */
export const loadFleet = once(() => import('../features/fleet/FleetPage.tsx'));
/** Drafts on all devices, and messages that are sent later. */
export const loadDrafts = once(() => import('../features/composer/lazyDrafts.ts'));
/** Threads: the client's part of them, the panel beside a room, the page of those that are followed. */
export const loadThreads = once(() => import('../features/threads/lazyThreads.ts'));
/** Syntax highlighting. */
export const loadHighlighter = once(() => import('../features/timeline/markdown/highlight.ts'));

/**
 * `React.lazy` for a component of the lazy bundle. React never retries a failed load; this one waits instead of
 * failing.
 */
export function lazyComponent<Props extends object>(pick: (loaded: typeof LazyBundle) => ComponentType<Props>) {
  return lazy(async () => ({ default: pick(await loadLazyBundle()) }));
}

/** Loads once; later calls get the same promise. */
function once<Module>(load: () => Promise<Module>): () => Promise<Module> {
  let loading: Promise<Module> | null = null;
  return () => {
    loading ??= untilLoaded(load);
    return loading;
  };
}

/**
 * Resolves when the module is loaded, however long that takes. The module must import nothing that the app has not
 * loaded.
 */
async function untilLoaded<Module>(load: () => Promise<Module>): Promise<Module> {
  let attempt = load;
  for (let tries = 1, delay_ms = FIRST_DELAY_MS; ; tries++, delay_ms = Math.min(LONGEST_DELAY_MS, delay_ms * 2)) {
    try {
      return await attempt();
    } catch (error) {
      // Firefox and Chromium name the file in the error; Safari does not, and requests it again by itself.
      const file = /https?:\S+\/assets\/[^\s?]+/.exec(String(error))?.[0];
      if (file) {
        // sessionStorage may throw: then the page is not reloaded, because it could loop.
        await reloadIfGone(file).catch(() => undefined);
        attempt = () => import(/* @vite-ignore */ `${file}?retry=${tries}`) as Promise<Module>;
      }
      await new Promise((resolve) => setTimeout(resolve, delay_ms));
    }
  }
}

/**
 * Reloads the page once if the server no longer has the file: this tab is older than the last deploy. Never without a
 * network, where a reload would replace what the user wrote by the browser's error page.
 */
async function reloadIfGone(file: string): Promise<void> {
  const answer = await fetch(file, { method: 'HEAD', cache: 'no-store' }).catch(() => null);
  if (answer?.status !== 404 || sessionStorage.getItem(RELOADED_KEY)) return;
  sessionStorage.setItem(RELOADED_KEY, '1');
  location.reload();
}

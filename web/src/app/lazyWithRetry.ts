/**
 * Loads what a first paint does not need (`later.ts`) when it is first wanted, and goes on trying without a network.
 *
 * Chromium keeps a failed import in the page's module map: the same address is never asked for again, not even when the
 * network is back. So each further try is another address, the query counting them. That works for the module itself and
 * not for what it imports in turn; therefore all of it is one chunk, whose own imports came with the app.
 */
import { type ComponentType, lazy } from 'react';
import type * as Later from './lazyBundle.ts';

const FIRST_MS = 500;
const LAST_MS = 8_000;
/** Set while a reload for missing files is under way: once helps after a deploy, twice would loop. */
const RELOADED = 'backchannel.reloaded';

/** Everything that is loaded late. */
export const loadLazyBundle = once(() => import('./lazyBundle.ts'));
/** What reads the marks of a message: a tenth of all the code, and the first paint has no messages. */
export const loadLexer = once(() => import('../features/timeline/markdown/lexer.ts'));
/** The colours of code. */
export const loadHighlighter = once(() => import('../features/timeline/markdown/highlight.ts'));

/** A component of it. React remembers a failed load for ever and takes the whole app down with it; this one does not fail. */
export function lazyComponent<Props extends object>(pick: (loaded: typeof Later) => ComponentType<Props>) {
  return lazy(async () => ({ default: pick(await loadLazyBundle()) }));
}

/** One load for everybody who asks. */
function once<Module>(load: () => Promise<Module>): () => Promise<Module> {
  let loading: Promise<Module> | null = null;
  return () => {
    loading ??= untilLoaded(load);
    return loading;
  };
}

/** Resolves when the module is there, however long that takes. It must import nothing that the app has not loaded. */
async function untilLoaded<Module>(load: () => Promise<Module>): Promise<Module> {
  let again = load;
  for (let tries = 1, wait_ms = FIRST_MS; ; tries++, wait_ms = Math.min(LAST_MS, wait_ms * 2)) {
    try {
      return await again();
    } catch (error) {
      // Firefox and Chromium name the file; Safari does not, and asks for it again by itself.
      const file = /https?:\S+\/assets\/[^\s?]+/.exec(String(error))?.[0];
      if (file) {
        // Without a storage nothing says that this was tried: then no reload.
        await reloadIfGone(file).catch(() => undefined);
        again = () => import(/* @vite-ignore */ `${file}?again=${tries}`) as Promise<Module>;
      }
      await new Promise((resolve) => setTimeout(resolve, wait_ms));
    }
  }
}

/** A tab older than the last deploy asks for chunks that are gone. Without a network a reload would put the browser's error
 * page in place of what was written. */
async function reloadIfGone(file: string): Promise<void> {
  const answer = await fetch(file, { method: 'HEAD', cache: 'no-store' }).catch(() => null);
  if (answer?.status !== 404 || sessionStorage.getItem(RELOADED)) return;
  sessionStorage.setItem(RELOADED, '1');
  location.reload();
}

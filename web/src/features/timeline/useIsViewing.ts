import { useSyncExternalStore } from 'react';

/** Whether the user sees this window: it is visible and has the focus. */
export const useIsViewing = (): boolean =>
  useSyncExternalStore(subscribe, () => document.visibilityState === 'visible' && document.hasFocus());

function subscribe(listener: () => void): () => void {
  for (const name of ['focus', 'blur'] as const) window.addEventListener(name, listener);
  document.addEventListener('visibilitychange', listener);
  return () => {
    for (const name of ['focus', 'blur'] as const) window.removeEventListener(name, listener);
    document.removeEventListener('visibilitychange', listener);
  };
}

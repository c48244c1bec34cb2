/**
 * Navigation and history. On a phone, Back leads from a room to the room list and from the list out of the app, however
 * many rooms were visited. So opening a room from a room replaces the history entry, opening the list goes back to it,
 * and a page opened at a room gets an entry for the list below it.
 */
import { navigate as navigateHistory, useBrowserLocation } from 'wouter/use-browser-location';
import { goInHistory, whenOnPageEntry } from '../ui/backLayers.ts';

interface GoOptions {
  readonly replace?: boolean;
}

interface EntryState {
  /** The history entry below this one is the room list. */
  readonly overList?: boolean;
  /** See ui/backLayers.ts. */
  readonly layers?: number;
}

const isPhone = (): boolean => matchMedia('(max-width: 47.99rem)').matches;
/** What a phone shows over the room list: a room, or the page of threads. */
const isRoom = (path: string): boolean => path.startsWith('/rooms/') || path === '/threads';
const isOverList = (): boolean => (history.state as EntryState | null)?.overList === true;

/** The location hook for wouter's Router. */
export function useAppLocation(): [string, typeof navigate] {
  const [path] = useBrowserLocation();
  return [path, navigate];
}

function navigate(to: string, { replace = false }: GoOptions = {}): void {
  whenOnPageEntry(() => {
    const from = location.pathname;
    if (!isPhone()) return navigateHistory(to, { replace: replace || to === from });
    if (to === '/' && isRoom(from) && isOverList()) return goInHistory(-1);
    const overList = isRoom(to) && (from === '/' || isOverList());
    return navigateHistory(to, { replace: replace || to === from || isRoom(from), state: { overList } });
  });
}

/** Call before the first render. `isSignedIn`: a user is signed in, so that there is a room list. */
export function prepareHistory(isSignedIn: boolean): void {
  // The page may have been reloaded with an open menu or dialog, whose history entry is still there.
  whenOnPageEntry(() => {
    if (!isSignedIn || !isPhone() || !isRoom(location.pathname) || isOverList()) return;
    const here = location.pathname + location.search + location.hash;
    navigateHistory('/', { replace: true });
    navigateHistory(here, { state: { overList: true } });
  });
}

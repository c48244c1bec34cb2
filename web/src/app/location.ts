/**
 * Addresses and history. On a phone there are two places, the list and one room: Back leads from a room to the list and from
 * the list out of the app, however many rooms one has seen and whichever way one came. So a room takes the place of the room
 * before it, going to the list is going back to it, and who came by a link finds the list beneath the room.
 */
import { navigate as go, useBrowserLocation } from 'wouter/use-browser-location';
import { goInHistory, whenOnPageEntry } from '../ui/backLayers.ts';

interface GoOptions {
  readonly replace?: boolean;
}

interface EntryState {
  /** The entry beneath is the list. */
  readonly overList?: boolean;
  readonly layers?: number;
}

const isPhone = (): boolean => matchMedia('(max-width: 47.99rem)').matches;
const isRoom = (path: string): boolean => path.startsWith('/rooms/');
const isOverList = (): boolean => (history.state as EntryState | null)?.overList === true;

/** For wouter's Router. */
export function useAppLocation(): [string, typeof navigate] {
  const [path] = useBrowserLocation();
  return [path, navigate];
}

function navigate(to: string, { replace = false }: GoOptions = {}): void {
  whenOnPageEntry(() => {
    const from = location.pathname;
    if (!isPhone()) return go(to, { replace: replace || to === from });
    if (to === '/' && isRoom(from) && isOverList()) return goInHistory(-1);
    const overList = isRoom(to) && (from === '/' || isOverList());
    return go(to, { replace: replace || to === from || isRoom(from), state: { overList } });
  });
}

/** Before anything is drawn. `isIn`: somebody is signed in, so that there is a list. */
export function prepareHistory(isIn: boolean): void {
  // Reloaded under an open menu or dialog, which is gone now.
  whenOnPageEntry(() => {
    if (!isIn || !isPhone() || !isRoom(location.pathname) || isOverList()) return;
    const here = location.pathname + location.search + location.hash;
    go('/', { replace: true });
    go(here, { state: { overList: true } });
  });
}

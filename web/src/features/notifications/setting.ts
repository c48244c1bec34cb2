import { toast } from '../../ui/Toasts.tsx';
import { createStore, useStore } from '../../ui/store.ts';

const KEY = 'backchannel.notify';

const isAllowed = (): boolean => 'Notification' in globalThis && Notification.permission === 'granted';

/** Wanted by the person, on this device; counts only while the browser allows it. */
const wanted = createStore(read());

export const useNotify = () => useStore(wanted, (value) => value && isAllowed());
export const notifies = (): boolean => wanted.get() && isAllowed();
/** False on phones that know notifications of installed apps alone, and on plain http. */
export const canNotify = 'Notification' in globalThis && globalThis.isSecureContext;

/** From a click, as browsers demand. */
export async function setNotify(on: boolean): Promise<void> {
  if (on && (await Notification.requestPermission()) !== 'granted') {
    toast('Your browser does not let this site notify you. You can allow it in the browser’s settings.', 'problem');
    return;
  }
  wanted.set(on);
  try {
    if (on) localStorage.setItem(KEY, 'on');
    else localStorage.removeItem(KEY);
  } catch {
    // Without storage the choice lasts as long as the tab.
  }
}

function read(): boolean {
  try {
    return localStorage.getItem(KEY) === 'on';
  } catch {
    return false;
  }
}

// Chosen in another tab: this one may be the one that notifies.
globalThis.addEventListener('storage', ({ key }) => {
  if (key === KEY) wanted.set(read());
});

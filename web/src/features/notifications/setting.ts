import { toast } from '../../ui/Toasts.tsx';
import { createStore, useStore } from '../../ui/store.ts';

const KEY = 'backchannel.notify';

const isAllowed = (): boolean => 'Notification' in globalThis && Notification.permission === 'granted';

/** The user's choice on this device; effective only while the browser allows it. */
const wanted = createStore(read());

export const useNotify = () => useStore(wanted, (value) => value && isAllowed());
export const onNotifyChange = (changed: () => void): (() => void) => wanted.subscribe(changed);
export const notifies = (): boolean => wanted.get() && isAllowed();
/** False on phones that allow notifications only for installed apps, and on plain http. */
export const canNotify = 'Notification' in globalThis && globalThis.isSecureContext;

/** Whether the browser's user has forbidden it. */
export const isRefused = (): boolean => canNotify && Notification.permission === 'denied';
/** On an iPhone or iPad only installed apps may notify. */
export const needsInstalling = !canNotify && /iPhone|iPad/.test(navigator.userAgent);

/** Call from a click: browsers ask for permission only then. */
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
    // Without storage, the choice lasts until the tab is closed.
  }
}

function read(): boolean {
  try {
    return localStorage.getItem(KEY) === 'on';
  } catch {
    return false;
  }
}

// Changed in another tab: this tab may be the one that shows notifications.
globalThis.addEventListener('storage', ({ key }) => {
  if (key === KEY) wanted.set(read());
});

import { createDeviceSwitch } from '../../app/deviceSwitch.ts';
import { toast } from '../../ui/Toasts.tsx';
import { useStore } from '../../ui/store.ts';

const isAllowed = (): boolean => 'Notification' in globalThis && Notification.permission === 'granted';

/** The user's choice on this device; effective only while the browser allows it. */
const wanted = createDeviceSwitch('backchannel.notify');

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
}

import { createStore } from '../ui/store.ts';

/** A choice of this device that is on or off, the same in all its tabs. Off until it is switched on. */
export interface DeviceSwitch {
  get(): boolean;
  subscribe(changed: () => void): () => void;
  set(on: boolean): void;
}

/** @param key in localStorage. */
export function createDeviceSwitch(key: string): DeviceSwitch {
  const read = (): boolean => {
    try {
      return localStorage.getItem(key) === 'on';
    } catch {
      return false;
    }
  };
  const store = createStore(read());
  // Changed in another tab.
  globalThis.addEventListener('storage', (event) => {
    if (event.key === key) store.set(read());
  });
  return {
    ...store,
    set(on) {
      store.set(on);
      try {
        if (on) localStorage.setItem(key, 'on');
        else localStorage.removeItem(key);
      } catch {
        // Without storage, the choice lasts until the tab is closed.
      }
    },
  };
}

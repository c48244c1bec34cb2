import { createStore, useStore } from '../ui/store.ts';

const KEY = 'backchannel.flat-threads';

/** The flat view, a choice of this device: rooms show the replies of threads among their messages. */
const flat = createStore(read());

export const useFlatThreads = () => useStore(flat, (value) => value);

export function setFlatThreads(on: boolean): void {
  flat.set(on);
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

// Changed in another tab.
globalThis.addEventListener('storage', ({ key }) => {
  if (key === KEY) flat.set(read());
});

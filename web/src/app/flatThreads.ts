import { useStore } from '../ui/store.ts';
import { createDeviceSwitch } from './deviceSwitch.ts';

/** The flat view: rooms show the replies of threads among their messages. */
const flat = createDeviceSwitch('backchannel.flat-threads');

export const useFlatThreads = () => useStore(flat, (value) => value);

export const setFlatThreads = (on: boolean): void => flat.set(on);

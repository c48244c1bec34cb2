import type { Uploads } from '../features/files/uploads.ts';
import { createStore, type Store } from '../ui/store.ts';

/** The files on their way into messages. Their code is loaded after the first paint, or when somebody adds a file. */
export interface Files {
  /** Null until it is loaded. */
  readonly uploads: Store<Uploads | null>;
  load(): Promise<Uploads>;
  /** Removes this user's files from the device. */
  forget(): Promise<void>;
}

/** Takes files for the room that is open; null while none is. What is dropped or pasted anywhere goes there. */
export const fileTarget = createStore<((files: readonly File[]) => void) | null>(null);
/** Whether files are dragged over the window. */
export const fileDrag = createStore(false);

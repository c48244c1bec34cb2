import type { Uploads } from '../features/files/uploads.ts';
import { createStore, type Store } from '../ui/store.ts';
import type { FilePlace } from './filePlace.ts';

/** The files on their way into messages. Their code is loaded after the first paint, or when somebody adds a file. */
export interface Files {
  /** Null until it is loaded. */
  readonly uploads: Store<Uploads | null>;
  load(): Promise<Uploads>;
  /** Removes this user's files from the device. */
  forget(): Promise<void>;
}

/** The fields that take files: that of the open room, that of the open thread. */
export type FileField = 'room' | 'thread';
export const fieldOf = ({ thread }: FilePlace): FileField => (thread === null ? 'room' : 'thread');

/** What takes the files of a field while it is there. Dropped and pasted ones go to one of them. */
export const fileTargets = createStore<Readonly<Partial<Record<FileField, ((files: readonly File[]) => void) | null>>>>(
  {},
);
/** Where files that are dragged over the window go when they are dropped now; null while none are. */
export const fileDrag = createStore<FileField | null>(null);

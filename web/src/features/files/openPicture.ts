import { createStore } from '../../ui/store.ts';

/** The picture that is shown over the window, by the id of its file; null: none. */
export const openPicture = createStore<string | null>(null);

import type { Chat, UserId } from '@backchannel/client';
import type { Uploads } from '../features/files/uploads.ts';
import { createStore } from '../ui/store.ts';
import type { Files } from './files.ts';
import { coreOf } from './lateFeatures.ts';
import { loadFiles } from './lazyWithRetry.ts';

/** `outlive`: whether files are kept on the device, so that they outlive the tab. */
export function createFiles(chat: Chat, userId: UserId, outlive: boolean): Files {
  const uploads = createStore<Uploads | null>(null);
  let loading: Promise<Uploads> | null = null;
  const load = () => {
    loading ??= loadFiles().then(({ createUploads }) => {
      const created = createUploads(coreOf(chat), userId, outlive);
      uploads.set(created);
      return created;
    });
    return loading;
  };
  return {
    uploads,
    load,
    async forget() {
      const forgotten = load().then((loaded) => loaded.forgetFiles());
      // Where its code cannot be loaded now, signing out does not wait for it.
      if (uploads.get()) await forgotten;
    },
  };
}

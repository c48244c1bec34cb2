import type { Core, UserId } from '@backchannel/client';
import { memoryUploads, withUploads } from '@backchannel/client/features/uploads';
import { type FilePlace, isOfPlace } from '../../app/filePlace.ts';
import { announce } from '../../ui/announce.tsx';
import { createStore } from '../../ui/store.ts';
import { checkFiles } from './check.ts';
import { createPreviews } from './previews.ts';
import { fileInText } from './texts.ts';
import { createUploadNews } from './uploadNews.ts';
import type { KnownFile, Note, Uploads } from './uploads.ts';

/**
 * Composes sending files into the chat, whose code is loaded after the app's: it takes part in what the chat does from now on.
 * `outlive`: whether files are kept on the device.
 */
export function createUploads(core: Core, userId: UserId, outlive: boolean): Uploads {
  const chat = withUploads(outlive ? undefined : memoryUploads(), userId)(core);
  Object.assign(core.chat, chat);
  const notes = createStore<readonly Note[]>([]);
  const known = new Map<string, KnownFile>();
  const previews = createPreviews(chat.readFile);
  const news = createUploadNews();
  let lastKey = 0;

  core.chat.subscribe(() => {
    const files = chat.getAllFiles();
    for (const file of files) known.set(file.id, file);
    const text = news(files);
    if (text !== null) announce(text);
  });

  const note = (place: FilePlace, { name, size }: File, problem: string | null): string => {
    const key = `note-${(lastKey += 1)}`;
    notes.set((all) => [...all, { ...place, key, name, size, problem }]);
    return key;
  };
  const dismissNote = (key: string) => notes.set((all) => all.filter((each) => each.key !== key));

  async function read(place: FilePlace, file: File, key: string): Promise<void> {
    try {
      await chat.addFile(place.roomId, file, '', place.thread);
      dismissNote(key);
    } catch (cause) {
      dismissNote(key);
      const isChatError = cause instanceof Error && cause.name === 'ChatError';
      note(place, file, isChatError ? cause.message : 'This file could not be read. Choose it again.');
    }
  }

  return {
    ...chat,
    async add(place, files) {
      const isHere = (it: Parameters<typeof isOfPlace>[0]) => isOfPlace(it, place);
      const waiting = chat.getFiles(place.roomId).filter((file) => !file.message && isHere(file)).length;
      const reading = notes.get().filter((each) => each.problem === null && isHere(each)).length;
      const { taken, refused } = checkFiles(files, waiting + reading, core.chat.getSnapshot().limits);
      for (const { file, problem } of refused) note(place, file, problem);
      const [first] = taken;
      const added = first && (taken.length === 1 ? `${fileInText(first)} added.` : `${taken.length} files added.`);
      const problems = refused.map(({ file, problem }) => `${fileInText(file)} was not added: ${problem}`);
      announce([added, ...problems].filter(Boolean).join(' '));
      const keys = taken.map((file) => note(place, file, null));
      // One after the other: they keep their order.
      for (const [index, file] of taken.entries()) await read(place, file, keys[index] as string);
    },
    notes,
    dismissNote,
    preview: previews.load,
    previewNow: previews.get,
    known: (id) => known.get(id),
  };
}

import type { UploadRecord } from '@backchannel/client/features/uploads';
import { fileInText, problemText } from './texts.ts';

/**
 * What screen readers are to say about uploads: one sentence when all that was under way has ended, and nothing before. Call the
 * returned function with the files after every change; it returns the sentence, or null.
 */
export function createUploadNews(): (files: readonly UploadRecord[]) => string | null {
  /** As they were when last seen. */
  const batch = new Map<string, UploadRecord>();

  return (files) => {
    const present = new Map(files.map((file) => [file.id, file]));
    for (const file of files) if (isBusy(file) || batch.has(file.id)) batch.set(file.id, file);
    // A file that is gone went with its message, or was removed while it was sent.
    for (const [id, file] of batch) if (!present.has(id) && isBusy(file) && file.offset < file.size) batch.delete(id);
    if (batch.size === 0 || files.some(isBusy)) return null;
    const all = [...batch.values()];
    batch.clear();
    const failed = all.filter(({ state }) => state === 'failed');
    const done = all.filter(({ state }) => state !== 'failed');
    const [one] = done;
    const sentences = failed.map((file) => `${fileInText(file)} could not be uploaded: ${problemText(file.error)}`);
    if (one)
      sentences.unshift(done.length === 1 ? `${fileInText(one)} is uploaded.` : `${done.length} files are uploaded.`);
    return sentences.join(' ');
  };
}

const isBusy = ({ state }: UploadRecord): boolean => state === 'waiting' || state === 'sending' || state === 'checking';

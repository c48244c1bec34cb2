import type { InThread, MessageId } from '@backchannel/client';
import { useCallback, useEffect, useMemo } from 'react';
import type { FilePlace } from '../../app/filePlace.ts';
import { fieldOf, fileTargets } from '../../app/files.ts';
import { usePlaceFiles, useUploads } from '../../app/useFiles.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { announce } from '../../ui/announce.tsx';

/** The files that go with the next message of a room or thread. What is dropped or pasted there is added to them. */
export function useDraftFiles({ roomId, thread }: FilePlace) {
  const { files: loader } = useSignedIn();
  const uploads = useUploads();
  const place = useMemo(() => ({ roomId, thread }), [roomId, thread]);
  const files = usePlaceFiles(place);

  // Bound to this place: the files go to it, whichever one is open when they have been read.
  const add = useCallback(
    (given: readonly File[]) => void loader.load().then((loaded) => loaded.add(place, given)),
    [loader, place],
  );
  useEffect(() => {
    const field = fieldOf(place);
    fileTargets.set((all) => ({ ...all, [field]: add }));
    return () => fileTargets.set((all) => ({ ...all, [field]: null }));
  }, [place, add]);

  return {
    /** Null until its code is loaded. */
    uploads,
    place,
    count: files.length,
    add,
    /** Whether a message may be sent now. If not, says why. */
    check(): boolean {
      const failed = files.some(({ state }) => state === 'failed');
      if (failed) announce('A file could not be uploaded. Retry or remove it, then send.');
      return !failed;
    },
    /** Sends a message with the files, as soon as they are uploaded. */
    send(content: string, replyTo: MessageId | null, inThread?: InThread): Promise<unknown> {
      const ids = files.map(({ id }) => id);
      return uploads ? uploads.sendFiles(roomId, content, ids, replyTo, inThread) : Promise.resolve();
    },
  };
}

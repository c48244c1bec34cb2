import type { MessageId, RoomId } from '@backchannel/client';
import { useCallback, useEffect, useMemo } from 'react';
import { fileTarget } from '../../app/files.ts';
import { useRoomFiles, useUploads } from '../../app/useFiles.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { announce } from '../../ui/announce.tsx';

/** The files that go with the next message of a room. What is dropped or pasted while the room is open is added to them. */
export function useDraftFiles(roomId: RoomId) {
  const { files: loader } = useSignedIn();
  const uploads = useUploads();
  const all = useRoomFiles(roomId);
  const files = useMemo(() => all.filter(({ message }) => !message), [all]);

  // Bound to this room: the files go to it, whichever one is open when they have been read.
  const add = useCallback(
    (given: readonly File[]) => void loader.load().then((loaded) => loaded.add(roomId, given)),
    [loader, roomId],
  );
  useEffect(() => {
    fileTarget.set(() => add);
    return () => fileTarget.set(null);
  }, [add]);

  return {
    /** Null until its code is loaded. */
    uploads,
    count: files.length,
    add,
    /** Whether a message may be sent now. If not, says why. */
    check(): boolean {
      const failed = files.some(({ state }) => state === 'failed');
      if (failed) announce('A file could not be uploaded. Retry or remove it, then send.');
      return !failed;
    },
    /** Sends a message with the files, as soon as they are uploaded. */
    send(content: string, replyTo: MessageId | null): Promise<unknown> {
      const ids = files.map(({ id }) => id);
      return uploads ? uploads.sendFiles(roomId, content, ids, replyTo) : Promise.resolve();
    },
  };
}

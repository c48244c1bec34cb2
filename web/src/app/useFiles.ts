import type { RoomId } from '@backchannel/client';
import type { UploadRecord } from '@backchannel/client/features/uploads';
import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { Uploads } from '../features/files/uploads.ts';
import { useStore } from '../ui/store.ts';
import { useChat } from './chat.ts';
import { type FilePlace, isOfPlace } from './filePlace.ts';
import { useSignedIn } from './signedIn.ts';

/** Null until its code is loaded. */
export function useUploads(): Uploads | null {
  return useStore(useSignedIn().files.uploads, (value) => value);
}

const NONE: readonly UploadRecord[] = [];

/** The room's files that are not in a sent message yet. */
export function useRoomFiles(roomId: RoomId): readonly UploadRecord[] {
  const chat = useChat();
  const { files } = useSignedIn();
  const subscribe = useCallback(
    (listener: () => void) => {
      const stops = [files.uploads.subscribe(listener), chat.subscribeTimeline(roomId, listener)];
      return () => stops.forEach((stop) => stop());
    },
    [chat, files, roomId],
  );
  return useSyncExternalStore(subscribe, () => files.uploads.get()?.getFiles(roomId) ?? NONE);
}

/** The files that go with the next message of the place. */
export function usePlaceFiles(place: FilePlace): readonly UploadRecord[] {
  const all = useRoomFiles(place.roomId);
  return useMemo(() => all.filter((file) => !file.message && isOfPlace(file, place)), [all, place]);
}

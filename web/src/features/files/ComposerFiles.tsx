import type { Room } from '@backchannel/client';
import type { FilePlace } from '../../app/filePlace.ts';
import type { Uploads } from './uploads.ts';
import { DropOverlay } from './DropOverlay.tsx';
import { FileTray } from './FileTray.tsx';

interface ComposerFilesProps {
  readonly uploads: Uploads;
  readonly room: Room;
  readonly place: FilePlace;
  /** Gives the focus to the field, after a file was removed or described. */
  readonly focusField: () => void;
}

/** What the field for messages or replies shows of files. */
export function ComposerFiles({ uploads, room, place, focusField }: ComposerFilesProps) {
  return (
    <>
      <FileTray uploads={uploads} place={place} focusField={focusField} />
      <DropOverlay room={room} place={place} />
    </>
  );
}

import type { Room } from '@backchannel/client';
import type { Uploads } from './uploads.ts';
import { DropOverlay } from './DropOverlay.tsx';
import { FileTray } from './FileTray.tsx';

/** What the message field shows of files. */
export function ComposerFiles({ uploads, room }: { readonly uploads: Uploads; readonly room: Room }) {
  return (
    <>
      <FileTray uploads={uploads} room={room} />
      <DropOverlay room={room} />
    </>
  );
}

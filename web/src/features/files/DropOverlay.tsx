import type { Room } from '@backchannel/client';
import { Upload } from 'lucide-react';
import type { FilePlace } from '../../app/filePlace.ts';
import { fieldOf, fileDrag } from '../../app/files.ts';
import { roomLabel } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { cx } from '../../ui/classes.ts';
import { useStore } from '../../ui/store.ts';

interface DropOverlayProps {
  readonly room: Room;
  readonly place: FilePlace;
}

/** While files are dragged over the window: where they go when they are dropped. That of a thread covers its panel alone. */
export function DropOverlay({ room, place }: DropOverlayProps) {
  const { user } = useSignedIn();
  const dragging = useStore(fileDrag, (field) => field === fieldOf(place));
  if (!dragging) return null;
  return (
    <div
      aria-hidden="true"
      className={cx('pointer-events-none inset-0 z-50 bg-paper/70 p-4', place.thread === null ? 'fixed' : 'absolute')}
    >
      <div className="grid size-full place-items-center rounded-xl border-2 border-dashed border-accent bg-accent-soft/60">
        <p className="flex items-center gap-3 rounded-lg bg-raised px-5 py-3 text-base font-medium shadow-pop">
          <Upload className="size-5 text-accent" />
          <span>
            Drop to add to{' '}
            {place.thread === null ? (
              <bdi className="font-semibold">{roomLabel(room, user.id)}</bdi>
            ) : (
              <span className="font-semibold">this thread</span>
            )}
          </span>
        </p>
      </div>
    </div>
  );
}

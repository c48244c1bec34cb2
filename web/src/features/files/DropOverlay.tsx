import type { Room } from '@backchannel/client';
import { Upload } from 'lucide-react';
import { fileDrag } from '../../app/files.ts';
import { roomLabel } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { useStore } from '../../ui/store.ts';

/** While files are dragged over the window: where they go when they are dropped. */
export function DropOverlay({ room }: { readonly room: Room }) {
  const { user } = useSignedIn();
  const dragging = useStore(fileDrag, (value) => value);
  if (!dragging) return null;
  return (
    <div aria-hidden="true" className="pointer-events-none fixed inset-0 z-50 bg-paper/70 p-4">
      <div className="grid size-full place-items-center rounded-xl border-2 border-dashed border-accent bg-accent-soft/60">
        <p className="flex items-center gap-3 rounded-lg bg-raised px-5 py-3 text-base font-medium shadow-pop">
          <Upload className="size-5 text-accent" />
          <span>
            Drop to add to <bdi className="font-semibold">{roomLabel(room, user.id)}</bdi>
          </span>
        </p>
      </div>
    </div>
  );
}

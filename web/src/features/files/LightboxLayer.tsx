import type { RoomId } from '@backchannel/client';
import { lazy, Suspense, useEffect } from 'react';
import { loadFiles } from '../../app/lazyWithRetry.ts';
import { PaneErrorBoundary } from '../../ui/ErrorBoundary.tsx';
import { LoadingOverlay, OVERLAY_CLASS } from '../../ui/LoadingOverlay.tsx';
import { useStore } from '../../ui/store.ts';
import { openPicture } from './openPicture.ts';

const Lightbox = lazy(async () => ({ default: (await loadFiles()).Lightbox }));

/** Shows the picture that was pressed over the window, until it is closed or the room is left. */
export function LightboxLayer({ roomId }: { readonly roomId: RoomId }) {
  const current = useStore(openPicture, (value) => value);
  useEffect(() => () => openPicture.set(null), []);
  if (current === null) return null;
  const close = () => openPicture.set(null);
  return (
    <PaneErrorBoundary name="This picture" className={OVERLAY_CLASS} onClose={close}>
      <Suspense fallback={<LoadingOverlay onClose={close} />}>
        <Lightbox roomId={roomId} current={current} />
      </Suspense>
    </PaneErrorBoundary>
  );
}

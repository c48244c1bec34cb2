import { Paperclip } from 'lucide-react';
import { lazy, Suspense, useRef, useState } from 'react';
import { loadFiles } from '../../app/lazyWithRetry.ts';
import { IconButton } from '../../ui/Button.tsx';
import { LoadingOverlay } from '../../ui/LoadingOverlay.tsx';
import { useTouch } from '../../ui/useMedia.ts';

const AttachMenu = lazy(async () => ({ default: (await loadFiles()).AttachMenu }));

/** Opens the system's file picker; on a touch device first a menu, which has the camera. */
export function AttachButton({ onFiles }: { readonly onFiles: (files: readonly File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const touch = useTouch();
  const pick = (accept: string, capture = '') => {
    const field = input.current;
    if (!field) return;
    field.accept = accept;
    field.capture = capture;
    field.click();
  };
  const close = () => setAnchor(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to attach"
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])]);
          // So that the same file can be chosen again.
          currentTarget.value = '';
        }}
      />
      <IconButton
        label="Attach files"
        tip={touch ? 'none' : 'above'}
        {...(touch && { 'aria-haspopup': 'menu' as const, 'aria-expanded': anchor !== null })}
        className="size-9 self-end"
        onClick={(event) => (touch ? setAnchor(event.currentTarget) : pick(''))}
      >
        <Paperclip />
      </IconButton>
      {anchor && (
        <Suspense fallback={<LoadingOverlay onClose={close} />}>
          <AttachMenu anchor={anchor} onPick={pick} onClose={close} />
        </Suspense>
      )}
    </>
  );
}

import { useEffect, useRef } from 'react';
import { cx } from './classes.ts';
import { Spinner } from './Spinner.tsx';

/** Positions an element where a dialog would be. */
export const OVERLAY_CLASS = 'fixed inset-x-4 top-20 z-50 mx-auto max-w-md rounded-lg shadow-pop';

/**
 * Shown while the code of a dialog or menu is loading, after a short delay. Escape or a press cancels it, so that it
 * does not open later and interrupt the user.
 */
export function LoadingOverlay({ onClose }: { readonly onClose: () => void }) {
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const stop = new AbortController();
    const options = { capture: true, signal: stop.signal };
    window.addEventListener('pointerdown', () => close.current(), options);
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopImmediatePropagation();
      close.current();
    };
    window.addEventListener('keydown', onKeyDown, options);
    return () => stop.abort();
  }, []);
  return (
    <div
      role="status"
      className={cx(
        OVERLAY_CLASS,
        'flex animate-rise items-center gap-3 bg-raised px-5 py-4 text-ink-soft [animation-delay:300ms] [animation-fill-mode:backwards]',
      )}
    >
      <Spinner /> Opening…
    </div>
  );
}

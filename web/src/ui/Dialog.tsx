import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './Button.tsx';
import { cx } from './classes.ts';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly footer?: ReactNode;
  /** The title is read aloud only: the switcher's own field says enough. */
  readonly bare?: boolean;
  readonly wide?: boolean;
}

/** The browser's own modal dialog: focus trap, Esc and top layer come with it; focus goes back where it was. */
export function Dialog({ title, onClose, children, footer, bare = false, wide = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();

  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    if (dialog && !dialog.open) dialog.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  return (
    <dialog
      ref={ref}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      // A press that begins and ends on the backdrop; dragging a selection out of a field must not close.
      onPointerDown={(event) => {
        if (event.target === ref.current) onClose();
      }}
      className={cx('bc-dialog', wide ? 'max-w-xl' : 'max-w-md', bare && 'bc-dialog-high')}
    >
      <div className="flex max-h-[inherit] flex-col">
        <header className={cx('flex items-center justify-between gap-4 px-5 pt-4 pb-1', bare && 'sr-only')}>
          <h2 id={heading} className="text-lg font-semibold tracking-tight">
            {title}
          </h2>
          {!bare && (
            <IconButton label="Close" tip="none" onClick={onClose} className="-mr-2">
              <X />
            </IconButton>
          )}
        </header>
        {children}
        {footer && (
          <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3.5">{footer}</footer>
        )}
      </div>
    </dialog>
  );
}

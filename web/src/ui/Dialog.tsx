import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './Button.tsx';
import { cx } from './classes.ts';
import { initialFocus, rememberFocus } from './focus.ts';
import { useBackLayer } from './backLayers.ts';
import { swallowPress } from './swallowPress.ts';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** The answers; the first of them must be the one that changes nothing. */
  readonly footer?: ReactNode;
  /** The title is read aloud only: the switcher's own field says enough. */
  readonly bare?: boolean;
  readonly wide?: boolean;
}

/**
 * The browser's own modal dialog, with its focus trap, Esc and top layer. It opens on its first field or its harmless answer
 * (`initialFocus`), never on Close, and gives the focus back. Only the middle scrolls: title and answers stay in sight.
 */
export function Dialog({ title, onClose, children, footer, bare = false, wide = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useBackLayer(onClose);

  useEffect(() => {
    const dialog = ref.current;
    if (!dialog) return undefined;
    const restoreFocus = rememberFocus();
    if (!dialog.open) dialog.showModal();
    // showModal() has put the focus on Close, the first of its buttons.
    initialFocus(dialog).focus();
    return () => {
      dialog.close();
      restoreFocus();
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
      // Begun on the backdrop: dragging a selection out of a field does not close. The click of this press must not go
      // through to what lies beneath.
      onPointerDown={(event) => {
        if (event.target !== ref.current) return;
        swallowPress();
        onClose();
      }}
      className={cx('bc-dialog', wide ? 'max-w-xl' : 'max-w-md', bare && 'bc-dialog-high')}
    >
      <div className="flex max-h-[inherit] flex-col">
        <header className={cx('flex shrink-0 items-center justify-between gap-4 px-5 pt-4 pb-1', bare && 'sr-only')}>
          <h2 id={heading} className="min-w-0 text-lg font-semibold tracking-tight break-words">
            {title}
          </h2>
          {!bare && (
            <IconButton label="Close" tip="none" onClick={onClose} className="-mr-2">
              <X />
            </IconButton>
          )}
        </header>
        <div tabIndex={-1} data-body className="scroll-thin flex min-h-0 flex-col overflow-y-auto outline-none">
          {children}
        </div>
        {footer && (
          <footer className="flex shrink-0 flex-wrap justify-end gap-2 border-t border-line px-5 py-3.5 short:py-2">
            {footer}
          </footer>
        )}
      </div>
    </dialog>
  );
}

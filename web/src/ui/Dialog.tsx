import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './Button.tsx';
import { cx } from './classes.ts';
import { initialFocus, rememberFocus, scrollsByFocusAlone } from './focus.ts';
import { useBackLayer } from './backLayers.ts';
import { swallowPress } from './swallowPress.ts';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** The buttons; the first must be the one that changes nothing. */
  readonly footer?: ReactNode;
  /** Hides the title except for screen readers, for the switcher. */
  readonly bare?: boolean;
  readonly wide?: boolean;
}

/**
 * A native modal `<dialog>`, with its focus trap, Esc and top layer. The focus starts at the first field or the
 * harmless button (`initialFocus`) and returns when the dialog closes. Only the middle scrolls; title and buttons stay
 * visible. A middle that has nothing to focus, such as a long list of shortcuts, takes the focus itself where it scrolls.
 */
export function Dialog({ title, onClose, children, footer, bare = false, wide = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const heading = useId();
  useBackLayer(onClose);

  useEffect(() => {
    const middle = body.current;
    if (!middle) return undefined;
    // Also called when it is first observed.
    const sizes = new ResizeObserver(() => {
      middle.tabIndex = scrollsByFocusAlone(middle) ? 0 : -1;
    });
    sizes.observe(middle);
    return () => sizes.disconnect();
  }, []);

  useEffect(() => {
    const dialog = ref.current;
    if (!dialog) return undefined;
    const restoreFocus = rememberFocus();
    if (!dialog.open) dialog.showModal();
    // showModal() has focused Close, the first button.
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
      // Close on a press that starts on the backdrop: dragging a selection out of a field must not close. Swallow the
      // click of this press, so that it does not reach the page below.
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
        <div
          ref={body}
          tabIndex={-1}
          data-body
          className="scroll-thin flex min-h-0 flex-col overflow-y-auto -outline-offset-2 [&[tabindex='-1']]:outline-none"
        >
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

import {
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { cx } from './classes.ts';
import { rememberFocus } from './focus.ts';
import { useBackLayer } from './backLayers.ts';
import { swallowPress } from './swallowPress.ts';

interface MenuProps {
  /** The element it is attached to, or the position of a long press. */
  readonly anchor: HTMLElement | { readonly x: number; readonly y: number };
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly className?: string;
}

/** Distance in px from the anchor and from the edges of the window. */
const GAP = 6;
const MARGIN = 8;

/** A menu in the top layer, below its anchor or above if it does not fit. On a phone it is a sheet at the bottom. */
export function Menu({ anchor, label, onClose, children, className }: MenuProps) {
  const ref = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  const position = usePosition(ref, anchor);
  useBackLayer(onClose);

  useEffect(() => {
    const menu = ref.current;
    if (!menu) return undefined;
    const restoreFocus = rememberFocus();
    menu.showPopover();
    items(menu)[0]?.focus({ preventScroll: true });
    const stopListening = onPressOutside(menu, () => close.current());
    return () => {
      stopListening();
      const inside = menu.contains(document.activeElement) || document.activeElement === document.body;
      if (inside) restoreFocus();
    };
  }, []);

  return (
    <div
      ref={ref}
      popover="manual"
      role="menu"
      aria-label={label}
      tabIndex={-1}
      onKeyDown={(event) => moveFocus(event, ref.current, onClose)}
      className={cx('bc-menu', className)}
      style={position ?? undefined}
    >
      {children}
    </div>
  );
}

interface MenuItemProps {
  readonly icon?: ReactNode;
  readonly children: ReactNode;
  readonly onSelect: () => void;
  readonly keys?: string;
  readonly danger?: boolean;
  /** Makes it a radio item; with `kind: 'switch'`, a checkbox item. */
  readonly checked?: boolean;
  readonly kind?: 'switch';
}

export function MenuItem({ icon, children, onSelect, keys, danger = false, checked, kind }: MenuItemProps) {
  return (
    <button
      type="button"
      role={checked === undefined ? 'menuitem' : kind === 'switch' ? 'menuitemcheckbox' : 'menuitemradio'}
      aria-checked={checked}
      tabIndex={-1}
      onClick={onSelect}
      onPointerMove={(event) => event.currentTarget.focus({ preventScroll: true })}
      className={cx(
        'flex h-8 w-full items-center gap-2.5 rounded-md px-2.5 text-left text-sm outline-none pointer-coarse:h-11 pointer-coarse:text-base',
        '[&>svg]:size-4 [&>svg]:shrink-0',
        danger ? 'text-danger focus:bg-danger-soft' : 'text-ink focus:bg-hover [&>svg]:text-ink-faint',
      )}
    >
      {icon}
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {keys && <kbd className="font-sans text-xs text-ink-faint pointer-coarse:hidden">{keys}</kbd>}
      {checked && (
        <svg viewBox="0 0 16 16" fill="none" aria-hidden="true">
          <path
            d="m3 8.5 3.2 3L13 4.5"
            stroke="var(--c-accent)"
            strokeWidth="2"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        </svg>
      )}
    </button>
  );
}

export function MenuLine() {
  return <hr className="-mx-1 my-1 border-line" />;
}

/**
 * Closes on a press outside, which has no other effect. The popover's light dismissal would also close when the finger
 * is lifted after a long press.
 */
function onPressOutside(menu: HTMLElement, onClose: () => void): () => void {
  const onPointerDown = (event: globalThis.PointerEvent) => {
    if (menu.contains(event.target as Node)) return;
    onClose();
    swallowPress();
  };
  window.addEventListener('pointerdown', onPointerDown, true);
  window.addEventListener('blur', onClose);
  return () => {
    window.removeEventListener('pointerdown', onPointerDown, true);
    window.removeEventListener('blur', onClose);
  };
}

function items(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>('[role^=menuitem]')];
}

function moveFocus(event: KeyboardEvent, menu: HTMLElement | null, onClose: () => void): void {
  if (!menu) return;
  const all = items(menu);
  const at = all.indexOf(document.activeElement as HTMLElement);
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (step !== undefined) all.at((at + step + all.length) % all.length)?.focus();
  else if (event.key === 'Home') all[0]?.focus();
  else if (event.key === 'End') all.at(-1)?.focus();
  else if (event.key === 'Tab' || event.key === 'Escape') onClose();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function usePosition(ref: RefObject<HTMLDivElement | null>, anchor: MenuProps['anchor']) {
  const [position, setPosition] = useState<{ left: number; top: number } | null>(null);
  useLayoutEffect(() => {
    const menu = ref.current;
    if (!menu || matchMedia('(max-width: 47.99rem) and (pointer: coarse)').matches) return;
    const box =
      anchor instanceof HTMLElement
        ? anchor.getBoundingClientRect()
        : { left: anchor.x, right: anchor.x, top: anchor.y, bottom: anchor.y };
    // Display it for the measurement: a popover has no box until it is shown.
    menu.style.display = 'block';
    const { offsetWidth: width, offsetHeight: height } = menu;
    menu.style.display = '';
    const below = box.bottom + GAP;
    const fitsBelow = below + height <= innerHeight - MARGIN;
    const top = fitsBelow ? below : Math.max(MARGIN, box.top - GAP - height);
    const toTheRight = box.left + width <= innerWidth - MARGIN;
    const left = toTheRight ? box.left : Math.max(MARGIN, box.right - width);
    setPosition({ left, top });
  }, [ref, anchor]);
  return position;
}

import { type KeyboardEvent, type PointerEvent, useEffect, useId, useState } from 'react';

/**
 * Options of a text field that controls a list: the switcher, @mentions, people pickers (ARIA combobox pattern).
 * The focus stays in the field; `aria-activedescendant` names the active option.
 */
export interface ListboxOptions<T> {
  readonly items: readonly T[];
  readonly onPick: (item: T) => void;
  /** False disables the list for keys and screen readers. Default true. */
  readonly open?: boolean;
  /** Tab also picks, as in completions. */
  readonly tabPicks?: boolean;
  /** No option is active until an arrow key is pressed, so that Enter keeps its meaning in the field. */
  readonly startUnset?: boolean;
  readonly onEscape?: () => void;
}

/** The index of the option that `key` activates, wrapping around; null for other keys. */
export function nextActive(key: string, active: number, count: number): number | null {
  if (count === 0) return null;
  switch (key) {
    case 'ArrowDown':
      return active + 1 >= count ? 0 : active + 1;
    case 'ArrowUp':
      return active <= 0 ? count - 1 : active - 1;
    case 'PageDown':
      return Math.min(active + 6, count - 1);
    case 'PageUp':
      return Math.max(active - 6, 0);
    default:
      return null;
  }
}

export function isComposing(event: KeyboardEvent): boolean {
  // WebKit ends the composition before the Enter that confirmed it; that Enter has key code 229.
  return event.nativeEvent.isComposing || event.keyCode === 229;
}

export function useListbox<T>({
  items,
  onPick,
  open = true,
  tabPicks = false,
  startUnset = false,
  onEscape,
}: ListboxOptions<T>) {
  const id = useId();
  const first = startUnset ? -1 : 0;
  const [active, setActive] = useState(first);
  const shown = open && items.length > 0;
  const at = Math.min(active, items.length - 1);

  useEffect(() => setActive(first), [items, first]);
  useEffect(() => {
    if (shown && at >= 0) document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: 'nearest' });
  }, [shown, at, id]);

  return {
    active: at,
    /** Call first in the field's key handler; returns true if the key was handled. */
    onKeyDown(event: KeyboardEvent): boolean {
      if (!open || isComposing(event)) return false;
      if (event.key === 'Escape' && onEscape) {
        event.preventDefault();
        event.stopPropagation();
        onEscape();
        return true;
      }
      if (event.altKey || event.ctrlKey || event.metaKey) return false;
      const moved = nextActive(event.key, at, items.length);
      if (moved !== null) {
        event.preventDefault();
        setActive(moved);
        return true;
      }
      const picks = event.key === 'Enter' || (tabPicks && event.key === 'Tab' && !event.shiftKey);
      const item = items[at];
      if (!picks || item === undefined) return false;
      event.preventDefault();
      onPick(item);
      return true;
    },
    inputProps: {
      role: 'combobox' as const,
      'aria-autocomplete': 'list' as const,
      'aria-expanded': shown,
      'aria-controls': shown ? `${id}-list` : undefined,
      'aria-activedescendant': shown && at >= 0 ? `${id}-${at}` : undefined,
    },
    listProps: { role: 'listbox' as const, id: `${id}-list` },
    optionProps: (index: number) => ({
      role: 'option' as const,
      id: `${id}-${index}`,
      'aria-selected': index === at,
      onPointerMove: () => setActive(index),
      // Keep the focus, and a phone's keyboard, in the field.
      onPointerDown: (event: PointerEvent) => event.preventDefault(),
      onClick: () => {
        const item = items[index];
        if (item !== undefined) onPick(item);
      },
    }),
  };
}

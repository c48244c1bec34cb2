import { type KeyboardEvent, type PointerEvent, useEffect, useId, useState } from 'react';

/**
 * A text field that steers a list: the switcher, @mentions, people pickers.
 * The focus never leaves the field; `aria-activedescendant` says which option is meant (ARIA combobox pattern).
 */
export interface ListboxOptions<T> {
  readonly items: readonly T[];
  readonly onPick: (item: T) => void;
  /** False hides the list from keys and screen readers while the field stays. Default true. */
  readonly open?: boolean;
  /** Tab picks as well, as people expect of completions. */
  readonly tabPicks?: boolean;
  /** Nothing is active until an arrow is pressed; Enter then stays the field's. */
  readonly startUnset?: boolean;
  readonly onEscape?: () => void;
}

/** Where the mark goes; null where the key is not one of ours. Wraps around at both ends. */
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
  // WebKit ends the composition before the Enter that confirmed it; 229 is how that Enter is told apart.
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
    /** Call first in the field's own handler; true means the key is used up. */
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
      // The field keeps the focus, and with it the keyboard on phones.
      onPointerDown: (event: PointerEvent) => event.preventDefault(),
      onClick: () => {
        const item = items[index];
        if (item !== undefined) onPick(item);
      },
    }),
  };
}

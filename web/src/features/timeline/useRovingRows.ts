import { type FocusEvent, type KeyboardEvent, type RefObject, useMemo, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';
import type { Row } from './rows.ts';

interface RovingRowsOptions {
  readonly rows: readonly Row[];
  readonly scroller: RefObject<HTMLElement | null>;
  readonly list: RefObject<Pick<VirtualizerHandle, 'scrollToIndex'> | null>;
  /** Called on Escape: gives the focus to a composer. */
  readonly onLeave: () => void;
}

const isMessage = (row: Row | undefined): boolean => row?.kind === 'message' || row?.kind === 'pending';

/**
 * Roving tabindex: the list is one tab stop, ↑ and ↓ move between messages, Escape leaves the list.
 * The focused row stays mounted however far the list scrolls, so that it keeps the focus.
 */
export function useRovingRows({ rows, scroller, list, onLeave }: RovingRowsOptions) {
  const [focused, setFocused] = useState<string | null>(null);
  const at = useMemo(() => (focused === null ? -1 : rows.findIndex((row) => row.key === focused)), [rows, focused]);
  const tabbable = at >= 0 ? focused : (rows.findLast(isMessage)?.key ?? null);
  const keepMounted = useMemo(() => (at >= 0 ? [at] : []), [at]);

  const focusRow = (key: string): boolean => {
    const row = scroller.current?.querySelector<HTMLElement>(`[data-message="${CSS.escape(key)}"]`);
    row?.focus({ preventScroll: true });
    return row !== null && row !== undefined;
  };

  const goTo = (index: number) => {
    const row = rows[index];
    if (!row) return;
    setFocused(row.key);
    list.current?.scrollToIndex(index, { align: 'nearest' });
    // At once where the row is mounted, so that a second key press goes on from it; else by the next frame.
    if (!focusRow(row.key)) requestAnimationFrame(() => focusRow(row.key));
  };

  return {
    tabbable,
    keepMounted,
    onFocus(event: FocusEvent) {
      const key = (event.target as HTMLElement).closest('article')?.dataset['message'];
      if (key && key !== focused) setFocused(key);
    },
    onKeyDown(event: KeyboardEvent) {
      const target = event.target as HTMLElement;
      const row = target.closest('article');
      // A dialog of a row closes by itself.
      if (event.key === 'Escape' && !target.closest('dialog')) {
        // Handled here: what is around the list does not close, too.
        event.preventDefault();
        onLeave();
      }
      if (target !== row || event.altKey || event.metaKey) return;
      const from = rows.findIndex((each) => each.key === row?.dataset['message']);
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      let index = -1;
      if (step !== undefined) {
        index = from + step;
        while (rows[index] && !isMessage(rows[index])) index += step;
      } else if (event.ctrlKey && event.key === 'Home') index = rows.findIndex(isMessage);
      else if (event.ctrlKey && event.key === 'End') index = rows.findLastIndex(isMessage);
      else return;
      event.preventDefault();
      goTo(index);
    },
  };
}

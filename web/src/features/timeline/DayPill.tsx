import { useEffect, useRef, useState } from 'react';
import { dayLabel } from '../../ui/time.ts';
import { cx } from '../../ui/classes.ts';
import type { Row } from './rows.ts';

/** How long the pill stays visible after scrolling. */
const VISIBLE_MS = 1_100;

/** Shows the day of the top row while scrolling, because day dividers cannot stick in a virtualised list. */
export function DayPill({ row, now }: { readonly row: Row | undefined; readonly now: number }) {
  const [scrolling, setScrolling] = useState(false);
  // Mirrors `scrolling`. Setting the same state again would add an update for every message; when messages arrive
  // faster than React renders, it would report an update loop and give up.
  const isShown = useRef(false);
  const key = row?.key;
  const [first, setFirst] = useState(key);
  if (first === undefined && key !== undefined) setFirst(key);

  useEffect(() => {
    if (key === undefined || key === first) return undefined;
    if (!isShown.current) setScrolling(true);
    isShown.current = true;
    const timer = setTimeout(() => {
      isShown.current = false;
      setScrolling(false);
    }, VISIBLE_MS);
    return () => clearTimeout(timer);
  }, [key, first]);

  if (!row || row.kind === 'day' || !('at' in row)) return null;
  return (
    <div
      aria-hidden="true"
      className={cx(
        'bc-pill pointer-events-none absolute inset-x-0 z-10 mx-auto w-fit rounded-full bg-raised px-3 py-1 text-xs font-medium text-ink-soft shadow-float',
        'transition-opacity duration-(--calm)',
        scrolling ? 'opacity-100' : 'opacity-0',
      )}
    >
      {dayLabel(row.at, now)}
    </div>
  );
}

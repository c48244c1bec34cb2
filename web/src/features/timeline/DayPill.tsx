import { useEffect, useRef, useState } from 'react';
import { dayLabel } from '../../ui/time.ts';
import { cx } from '../../ui/classes.ts';
import type { Row } from './rows.ts';

const LINGER_MS = 1_100;

/** Which day one is in, while one scrolls: day lines cannot stick in a virtualised list. */
export function DayPill({ row, now }: { readonly row: Row | undefined; readonly now: number }) {
  const [scrolling, setScrolling] = useState(false);
  // What the state will be. Set again to what it is, it would be looked at once more for every message, and where messages
  // come faster than that, React takes the list that never comes to rest for a loop, and gives up.
  const lit = useRef(false);
  const key = row?.key;
  const [first, setFirst] = useState(key);
  if (first === undefined && key !== undefined) setFirst(key);

  useEffect(() => {
    if (key === undefined || key === first) return undefined;
    if (!lit.current) setScrolling(true);
    lit.current = true;
    const timer = setTimeout(() => {
      lit.current = false;
      setScrolling(false);
    }, LINGER_MS);
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

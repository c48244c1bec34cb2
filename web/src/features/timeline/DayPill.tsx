import { useEffect, useState } from 'react';
import { dayLabel } from '../../ui/time.ts';
import { cx } from '../../ui/classes.ts';
import type { Row } from './rows.ts';

const LINGER_MS = 1_100;

/** Which day one is in, while one scrolls: day lines cannot stick in a virtualised list. */
export function DayPill({ row, now }: { readonly row: Row | undefined; readonly now: number }) {
  const [scrolling, setScrolling] = useState(false);
  const [first, setFirst] = useState(row);
  if (first === undefined && row !== undefined) setFirst(row);

  useEffect(() => {
    if (row === undefined || row === first) return undefined;
    setScrolling(true);
    const timer = setTimeout(() => setScrolling(false), LINGER_MS);
    return () => clearTimeout(timer);
  }, [row, first]);

  if (!row || row.kind === 'day' || !('at' in row)) return null;
  return (
    <div
      aria-hidden="true"
      className={cx(
        'pointer-events-none absolute inset-x-0 top-2.5 mx-auto w-fit rounded-full bg-raised px-3 py-1 text-xs font-medium text-ink-soft shadow-float',
        'transition-opacity duration-(--calm)',
        scrolling ? 'opacity-100' : 'opacity-0',
      )}
    >
      {dayLabel(row.at, now)}
    </div>
  );
}

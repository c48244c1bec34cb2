/** Small parts that the tabs of the fleet share. */
import type { ReactNode } from 'react';
import { cx } from '../../ui/classes.ts';
import { Spinner } from '../../ui/Spinner.tsx';
import type { Answer } from './ask.ts';

/** The answer once it is there; before it, that it is awaited; above it, what went wrong last. */
export function Answered<T>({
  answer,
  children,
}: {
  readonly answer: Answer<T>;
  readonly children: (value: T) => ReactNode;
}) {
  return (
    <>
      {answer.problem !== null && (
        <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm">
          {answer.problem}
        </p>
      )}
      {answer.value === null && answer.busy && (
        <p role="status" aria-label="Loading" className="py-6 text-ink-faint">
          <Spinner className="size-5" />
        </p>
      )}
      {answer.value !== null && children(answer.value)}
    </>
  );
}

export function Section({
  title,
  note,
  children,
}: {
  readonly title: string;
  readonly note?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section aria-label={title} className="flex flex-col gap-2">
      <h2 className="text-base font-semibold">{title}</h2>
      {note && <p className="text-sm text-ink-soft">{note}</p>}
      {children}
    </section>
  );
}

export function Figure({
  name,
  value,
  unit,
}: {
  readonly name: string;
  readonly value: ReactNode;
  readonly unit?: string;
}) {
  return (
    <div className="rounded-md border border-line bg-raised px-4 py-3">
      <dt className="text-xs text-ink-soft">{name}</dt>
      <dd className="tabular text-xl font-semibold">
        {value}
        {unit && <span className="ml-1 text-sm font-normal text-ink-soft">{unit}</span>}
      </dd>
    </div>
  );
}

/** Scrolls sideways where the window is too narrow. It takes the focus, so that keys scroll it as well. */
export function Wide({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div role="region" aria-label={label} tabIndex={0} className="scroll-thin overflow-x-auto">
      {children}
    </div>
  );
}

interface TableProps {
  readonly label: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly ReactNode[])[];
  readonly empty: string;
}

export function Table({ label, head, rows, empty }: TableProps) {
  if (rows.length === 0) return <p className="text-sm text-ink-soft">{empty}</p>;
  return (
    <Wide label={`${label}, scrollable`}>
      <table aria-label={label} className="w-full border-collapse text-left text-sm">
        <thead>
          <tr>
            {head.map((each) => (
              <th key={each} scope="col" className="border-b border-line-strong px-2 py-1.5 font-medium text-ink-soft">
                {each}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            // Rows have no identity of their own: each answer is a new table.
            <tr key={at}>
              {row.map((cell, column) => (
                <td key={head[column]} className="tabular border-b border-line px-2 py-1.5 align-top">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

/** A picture's legend: a square of each colour, with what it means. */
export function Legend({
  items,
}: {
  readonly items: readonly { readonly name: string; readonly className: string }[];
}) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-soft">
      {items.map(({ name, className }) => (
        <li key={name} className="flex items-center gap-1.5">
          <svg viewBox="0 0 10 10" className={cx('size-2.5', className)} aria-hidden="true">
            <rect width="10" height="10" rx="2" />
          </svg>
          {name}
        </li>
      ))}
    </ul>
  );
}

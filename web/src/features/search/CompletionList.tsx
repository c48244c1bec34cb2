import type { useListbox } from '../../ui/useListbox.ts';
import type { Completion } from './completions.ts';

interface CompletionListProps {
  readonly list: ReturnType<typeof useListbox<Completion>>;
  readonly completions: readonly Completion[];
}

/** Values of the filter that is being typed. */
export function CompletionList({ list, completions }: CompletionListProps) {
  return (
    <ul {...list.listProps} aria-label="Values of this filter" className="shrink-0 border-b border-line p-1.5">
      {completions.map(({ typed, label, hint }, index) => (
        <li
          key={typed}
          {...list.optionProps(index)}
          className="flex h-9 items-center gap-2 rounded-md px-2.5 aria-selected:bg-hover pointer-coarse:h-11"
        >
          <bdi className="min-w-0 truncate font-medium">{label}</bdi>
          <bdi className="min-w-0 truncate text-ink-faint">{hint}</bdi>
        </li>
      ))}
    </ul>
  );
}

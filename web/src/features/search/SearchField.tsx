import type { Room } from '@backchannel/client';
import { Search, X } from 'lucide-react';
import { type ComponentProps, type KeyboardEvent, type ReactNode, type RefObject, useEffect, useRef } from 'react';
import { roomLabel } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { IconButton } from '../../ui/Button.tsx';
import { cleanName } from '../../ui/names.ts';
import type { Chip } from './chips.ts';

interface SearchFieldProps {
  readonly ref: RefObject<HTMLInputElement | null>;
  readonly room: Room | undefined;
  readonly chips: readonly Chip[];
  readonly text: string;
  readonly inputProps: ComponentProps<'input'>;
  readonly onType: (text: string, caret: number) => void;
  readonly onRemoveRoom: () => void;
  readonly onRemoveChip: (chip: Chip) => void;
  readonly onClose: () => void;
}

/** The filters as chips, and the text behind them. Backspace before the text removes the last chip. */
export function SearchField(props: SearchFieldProps) {
  const { ref, room, chips, text } = props;
  const me = useSignedIn().user.id;
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    row.current?.scrollTo({ top: row.current.scrollHeight });
  }, [chips]);

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const field = event.currentTarget;
    const isAtStart = field.selectionStart === 0 && field.selectionEnd === 0;
    const last = chips.at(-1);
    if (event.key === 'Backspace' && isAtStart && last) props.onRemoveChip(last);
    else if (event.key === 'Backspace' && isAtStart && room) props.onRemoveRoom();
    else props.inputProps.onKeyDown?.(event);
  };
  return (
    <div className="flex shrink-0 items-start gap-3 border-b border-line pr-2 pl-4">
      <Search className="mt-4.5 size-4 shrink-0 text-ink-faint" aria-hidden="true" />
      <div
        ref={row}
        className="scroll-thin flex max-h-30 min-w-0 flex-1 flex-wrap items-center gap-1.5 overflow-y-auto py-2"
      >
        {room && (
          <ChipButton
            label={`Stop searching in ${roomLabel(room, me)} alone`}
            onRemove={props.onRemoveRoom}
            field={ref}
          >
            <span className="text-ink-faint">in </span>
            <bdi>{roomLabel(room, me)}</bdi>
          </ChipButton>
        )}
        {chips.map((chip) => (
          <ChipButton
            key={chip.typed}
            label={`Remove the filter ${chip.name}: ${cleanName(chip.value)}`}
            onRemove={() => props.onRemoveChip(chip)}
            field={ref}
          >
            <span className="text-ink-faint">{chip.name}: </span>
            <bdi>{cleanName(chip.value)}</bdi>
          </ChipButton>
        ))}
        <input
          {...props.inputProps}
          ref={ref}
          type="text"
          maxLength={800}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="none"
          enterKeyHint="search"
          aria-label="Search messages"
          placeholder={chips.length === 0 ? 'Search messages' : undefined}
          value={text}
          onChange={(event) =>
            props.onType(event.target.value, event.target.selectionStart ?? event.target.value.length)
          }
          onKeyDown={onKeyDown}
          className="h-9 min-w-28 flex-1 bg-transparent text-lg outline-none"
        />
      </div>
      <IconButton label="Close" tip="none" onClick={props.onClose} className="mt-2.5 pointer-coarse:mt-1.5">
        <X />
      </IconButton>
    </div>
  );
}

interface ChipButtonProps {
  readonly label: string;
  readonly onRemove: () => void;
  readonly field: RefObject<HTMLInputElement | null>;
  readonly children: ReactNode;
}

function ChipButton({ label, onRemove, field, children }: ChipButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      onClick={() => {
        onRemove();
        field.current?.focus();
      }}
      className="flex h-7 max-w-full items-center gap-1 rounded-md bg-accent-soft pr-1 pl-2 text-sm text-ink hover:bg-press pointer-coarse:h-9"
    >
      <span className="min-w-0 truncate">{children}</span>
      <X className="size-3.5 shrink-0 text-ink-soft" aria-hidden="true" />
    </button>
  );
}

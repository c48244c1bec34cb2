import { X } from 'lucide-react';
import { type FormEvent, useRef, useState } from 'react';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import type { Save } from './useMyNotifications.ts';

/** As many and as long as the server takes. */
const MOST = 20;
const LONGEST = 50;

interface KeywordsSectionProps {
  readonly keywords: readonly string[];
  readonly save: Save;
}

/** Words that notify like a mention. */
export function KeywordsSection({ keywords, save }: KeywordsSectionProps) {
  const [typed, setTyped] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const isFull = keywords.length >= MOST;
  const add = async (event: FormEvent) => {
    event.preventDefault();
    const word = typed.trim();
    if (word && (await save({ keywords: [...keywords, word] }))) setTyped('');
  };
  const remove = async (word: string) => {
    await save({ keywords: keywords.filter((each) => each !== word) });
    field.current?.focus();
  };
  return (
    <section aria-label="Keywords">
      <form onSubmit={(event) => void add(event)} className="flex items-start gap-2">
        <Field
          ref={field}
          label="Keywords"
          className="min-w-0 flex-1"
          value={typed}
          maxLength={LONGEST}
          autoComplete="off"
          disabled={isFull}
          hint={
            isFull
              ? `You have ${MOST}; remove one to add another.`
              : 'A message with one of them notifies you like a mention.'
          }
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit" className="mt-[1.6875rem] h-10" disabled={typed.trim() === '' || isFull}>
          Add
        </Button>
      </form>
      {keywords.length > 0 && (
        <ul className="mt-2 flex flex-wrap gap-1.5">
          {keywords.map((word) => (
            <li key={word} className="flex max-w-full items-center rounded-full bg-press pl-3">
              <bdi className="truncate">{word}</bdi>
              <IconButton
                label={`Remove ${word}`}
                tip="none"
                className="size-7 [&_svg]:size-3.5 pointer-coarse:size-10"
                onClick={() => void remove(word)}
              >
                <X />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

import type { Room, User } from '@backchannel/client';
import { type RefObject, useMemo, useState } from 'react';
import { useKnownPeople } from '../../app/directory.ts';
import { usePeopleSearch } from '../../app/usePeopleSearch.ts';
import { type Completion, completionsOf, filterAt, type TypedFilter } from './completions.ts';

interface CompletionOptions {
  readonly field: RefObject<HTMLInputElement | null>;
  readonly text: string;
  readonly rooms: readonly Room[];
  readonly me: User;
  /** Sets the text, with filters that are complete taken out of it. */
  readonly put: (text: string, isDone?: boolean) => void;
}

const NONE: readonly Completion[] = [];

/** Completes the filter at the caret: names of people and rooms, days, and the values of `has:` and `is:`. */
export function useCompletions({ field, text, rooms, me, put }: CompletionOptions) {
  const [caret, setCaret] = useState(text.length);
  /** The filter whose completions were closed by Escape. */
  const [closed, setClosed] = useState<number | null>(null);
  const typed = filterAt(text, Math.min(caret, text.length));
  const known = useKnownPeople();
  const { people } = usePeopleSearch(typed?.name === 'from' ? typed.value : null);

  const completions = useMemo(() => {
    if (!typed) return NONE;
    const all = new Map([...known, ...people.map((user) => [user.id, user] as const)]);
    return completionsOf(typed, { people: [...all.values()], rooms, me, now: Date.now() });
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a new object for the same filter must not activate the first one again
  }, [typed?.name, typed?.value, typed?.start, known, people, rooms, me]);

  const isOpen = typed !== null && typed.start !== closed && completions.length > 0;
  return {
    completions,
    isOpen,
    /** What is searched for meanwhile: half a filter finds nothing. */
    asked: isOpen ? text.slice(0, typed.start) + text.slice(typed.end) : text,
    pick(completion: Completion) {
      if (!typed) return;
      put(replaced(text, typed, completion), true);
      field.current?.focus();
    },
    close: () => setClosed(typed?.start ?? null),
    /** Call after every change, and every move of the caret, with the text that the field has then. */
    onCaret(now: string, at: number) {
      setCaret(at);
      setClosed((before) => (filterAt(now, at)?.start === before ? before : null));
    },
  };
}

function replaced(text: string, typed: TypedFilter, completion: Completion): string {
  return `${text.slice(0, typed.start)}${completion.typed} ${text.slice(typed.end).trimStart()}`;
}

/** The query as it is shown: filters that are complete are chips, the rest is text. */
import { type FilterName, parseQuery } from '@backchannel/client/search/query';

/** A filter as it was typed, such as `from:"Ada Lovelace"`. */
export interface Chip {
  readonly name: FilterName;
  /** With its name, as it goes into the query. */
  readonly typed: string;
  /** Without quotation marks. */
  readonly value: string;
}

/**
 * Takes the filters out of a text. `isDone`: also one that the text ends with, which may still be being typed otherwise.
 */
export function takeChips(text: string, isDone: boolean): { chips: Chip[]; rest: string } {
  const chips: Chip[] = [];
  let rest = '';
  let from = 0;
  for (const part of parseQuery(text)) {
    const isOpen = part.end === text.length && !isDone;
    if (part.kind !== 'filter' || isOpen) continue;
    const typed = text.slice(part.start, part.end);
    const value = typed
      .slice(typed.indexOf(':') + 1)
      .replaceAll('"', '')
      .trim();
    chips.push({ name: part.name, typed, value });
    rest += text.slice(from, part.start);
    from = part.end;
  }
  if (chips.length === 0) return { chips, rest: text };
  return { chips, rest: (rest + text.slice(from)).trimStart().replace(/\s{2,}/g, ' ') };
}

/** The whole query. A chip that is there twice counts once. */
export function queryOf(chips: readonly Chip[], text: string): string {
  return [...new Set(chips.map(({ typed }) => typed)), text.trim()].filter(Boolean).join(' ');
}

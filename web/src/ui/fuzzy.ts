import { truncate } from './names.ts';

/** Nothing that is looked for is longer; what is pasted by mistake must not be looked for in every name. */
const QUERY = 100;
/** Longer names are not looked through to their end. */
const NAME = 1_000;
/** What may stand before a word. */
const BEFORE_WORD = ' ._-/@#';
/** A perfect match by another's name is worth less than the letters of one's own in a row. */
const ALSO = 10;

/**
 * How well `query` fits `text`: 0 is not at all, higher is better.
 * Whole beginnings win, then beginnings of words, then letters in order; case and accents do not count.
 */
export const fuzzyScore = (query: string, text: string): number => score(fold(truncate(query, QUERY)), text);

function score(wanted: string, text: string): number {
  const given = fold(truncate(text, NAME));
  if (wanted === '') return 1;
  if (given === wanted) return 1000;
  if (given.startsWith(wanted)) return 800 - given.length;
  const inside = given.indexOf(wanted);
  for (let at = inside; at >= 0; at = given.indexOf(wanted, at + wanted.length)) {
    if (BEFORE_WORD.includes(given[at - 1] ?? '')) return 601 - at;
  }
  if (inside >= 0) return 400 - inside;
  return inOrder(wanted, given);
}

/**
 * The items that fit, best first; equals keep their order. What fits by `also` alone (a group by one of its members) comes
 * after all that fits by the beginning of a name of its own, and counts for little beyond that.
 */
export function fuzzyFilter<T>(
  query: string,
  items: readonly T[],
  words: (item: T) => readonly string[],
  also: (item: T) => readonly string[] = () => [],
): T[] {
  const trimmed = query.trim();
  if (trimmed === '') return [...items];
  const wanted = fold(truncate(trimmed, QUERY));
  const best = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => score(wanted, text)));
  return items
    .map((item) => ({ item, score: Math.max(best(words(item)), best(also(item)) / ALSO) }))
    .filter((found) => found.score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ item }) => item);
}

/** As the server folds names (SPEC 5.3): marks go from the scripts that are often written without, and stay elsewhere (が). */
const OFTEN_LEFT_OUT = /([\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hebr}\p{sc=Arab}])\p{Mn}+/gu;

export function fold(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{DI}/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll('ς', 'σ')
    .normalize('NFD')
    .replace(OFTEN_LEFT_OUT, '$1')
    .normalize('NFC');
}

/** Letters in order, with a price for every gap: "dsgn" finds "design". */
function inOrder(wanted: string, given: string): number {
  let at = -1;
  let gaps = 0;
  for (const letter of wanted) {
    const next = given.indexOf(letter, at + 1);
    if (next < 0) return 0;
    if (at >= 0) gaps += next - at - 1;
    at = next;
  }
  // Letters strewn over a long text are chance, not a match.
  return gaps > wanted.length * 3 ? 0 : Math.max(1, 200 - gaps * 10);
}

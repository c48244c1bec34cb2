import { truncate } from './names.ts';

/** Longer queries, such as text pasted by mistake, are cut off. */
const MAX_QUERY = 100;
/** Longer names are searched up to here. */
const MAX_NAME = 1_000;
/** Characters before the start of a word. */
const WORD_SEPARATORS = ' ._-/@#';
/** The score of a secondary text is divided by this: its best match ranks below a substring match of a primary one. */
const SECONDARY_DIVISOR = 10;

/**
 * How well `query` matches `text`: 0 is no match, higher is better. A match at the start ranks first, then at the start
 * of a word, then anywhere, then letters in order. Ignores case and accents.
 */
export const fuzzyScore = (query: string, text: string): number => score(fold(truncate(query, MAX_QUERY)), text);

function score(wanted: string, text: string): number {
  const folded = fold(truncate(text, MAX_NAME));
  if (wanted === '') return 1;
  if (folded === wanted) return 1000;
  if (folded.startsWith(wanted)) return 800 - folded.length;
  const first = folded.indexOf(wanted);
  for (let at = first; at >= 0; at = folded.indexOf(wanted, at + wanted.length)) {
    if (WORD_SEPARATORS.includes(folded[at - 1] ?? '')) return 601 - at;
  }
  if (first >= 0) return 400 - first;
  return subsequenceScore(wanted, folded);
}

/**
 * The matching items, best first; equal ones keep their order. `secondary` texts, such as the members of a group, rank
 * far below `primary` ones.
 */
export function fuzzyFilter<T>(
  query: string,
  items: readonly T[],
  primary: (item: T) => readonly string[],
  secondary: (item: T) => readonly string[] = () => [],
): T[] {
  const trimmed = query.trim();
  if (trimmed === '') return [...items];
  const wanted = fold(truncate(trimmed, MAX_QUERY));
  const best = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => score(wanted, text)));
  return items
    .map((item) => ({ item, score: Math.max(best(primary(item)), best(secondary(item)) / SECONDARY_DIVISOR) }))
    .filter((found) => found.score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ item }) => item);
}

/**
 * Combining marks that are removed, as on the server (SPEC 5.3): only of scripts often written without them, unlike が.
 */
const OPTIONAL_MARKS = /([\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hebr}\p{sc=Arab}])\p{Mn}+/gu;

/** Normalizes a text for comparison: case, width, accents. */
export function fold(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{DI}/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll('ς', 'σ')
    .normalize('NFD')
    .replace(OPTIONAL_MARKS, '$1')
    .normalize('NFC');
}

/** Scores letters in order, with a penalty for every gap: "dsgn" matches "design". */
function subsequenceScore(wanted: string, folded: string): number {
  let at = -1;
  let gaps = 0;
  for (const letter of wanted) {
    const next = folded.indexOf(letter, at + 1);
    if (next < 0) return 0;
    if (at >= 0) gaps += next - at - 1;
    at = next;
  }
  // Letters spread over a long text match by chance.
  return gaps > wanted.length * 3 ? 0 : Math.max(1, 200 - gaps * 10);
}

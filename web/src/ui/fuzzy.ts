/** A perfect match by another's name is worth less than the letters of one's own in a row. */
const ALSO = 10;

/**
 * How well `query` fits `text`: 0 is not at all, higher is better.
 * Whole beginnings win, then beginnings of words, then letters in order; case and accents do not count.
 */
export function fuzzyScore(query: string, text: string): number {
  const wanted = fold(query);
  const given = fold(text);
  if (wanted === '') return 1;
  if (given === wanted) return 1000;
  if (given.startsWith(wanted)) return 800 - given.length;
  const word = given.search(new RegExp(`[\\s._\\-/@#]${escape(wanted)}`));
  if (word >= 0) return 600 - word;
  const inside = given.indexOf(wanted);
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
  const best = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => fuzzyScore(trimmed, text)));
  return items
    .map((item) => ({ item, score: Math.max(best(words(item)), best(also(item)) / ALSO) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ item }) => item);
}

export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
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

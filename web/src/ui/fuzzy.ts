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

/** The items that fit, best first; equals keep their order. */
export function fuzzyFilter<T>(query: string, items: readonly T[], words: (item: T) => readonly string[]): T[] {
  const trimmed = query.trim();
  if (trimmed === '') return [...items];
  return items
    .map((item) => ({ item, score: Math.max(0, ...words(item).map((text) => fuzzyScore(trimmed, text))) }))
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

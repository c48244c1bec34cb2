/**
 * Does a text match the words of a query, and where? As `server/backchannel/search/matching.py`; `protocol/vectors/search` holds for
 * both. For the server in memory: a client gets from its server what matches.
 */
import { parseQuery, type QueryPart, type TextPart } from './query.ts';
import { type Word, wordsOf } from './words.ts';

export type Range = readonly [start: number, end: number];

/** A word of so many code points, with the @ of a mention, is found as the beginning of a word. */
const PREFIX_FROM = 3;
/** Of each term, the places that are looked for. */
const PLACES = 200;

interface Piece {
  readonly text: string;
  readonly isPrefix?: boolean;
  readonly isMention?: boolean;
  /** One character of a script without spaces: found in any run of them. */
  readonly isCharacter?: boolean;
}
/** Pieces that stand beside each other, in this order. */
type Term = readonly Piece[];

/** Where the words of the query stand, ascending, none touching another; null if the text does not match. Filters are not looked at. */
export function matchWords(parts: readonly QueryPart[], text: string): Range[] | null {
  const words = wordsOf(text);
  const spans: Range[] = [];
  for (const part of parts) {
    if (part.kind === 'filter') continue;
    const found = termsOf(part).map((term) => ({ term, places: placesOf(term, words) }));
    const isThere = found.every(({ places }) => places.length > 0);
    if (part.excluded ? isThere && found.length > 0 : !isThere) return null;
    if (part.excluded) continue;
    for (const { term, places } of found) {
      for (const place of places) place.forEach((word, index) => spans.push(...spansOf(term[index] as Piece, word)));
    }
  }
  return merge(spans);
}

/** Whether anything is asked for: a filter, or a word with a letter or digit. */
export const asksForSomething = (query: string): boolean =>
  parseQuery(query).some((part) => part.kind === 'filter' || termsOf(part).length > 0);

function termsOf(part: TextPart): Term[] {
  const words = wordsOf(part.text);
  const [only] = words;
  if (part.kind === 'phrase') {
    if (words.length === 1 && only?.characters.length === 1) return [[{ text: only.text, isCharacter: true }]];
    return words.length === 0 ? [] : [words.map(({ text, mention }) => ({ text, isMention: mention >= 0 }))];
  }
  const runs: Word[][] = [];
  for (const word of words) {
    const last = runs.at(-1)?.at(-1);
    // The pairs of one run overlap.
    if (last && last.characters.length > 0 && word.characters.length > 0 && last.end > word.start)
      runs.at(-1)?.push(word);
    else runs.push([word]);
  }
  return runs.map((run) => run.map(pieceOf));
}

function pieceOf({ text, mention, characters }: Word): Piece {
  if (characters.length > 0) return { text, isCharacter: characters.length === 1 };
  const isMention = mention >= 0;
  return { text, isMention, isPrefix: [...text].length + Number(isMention) >= PREFIX_FROM };
}

function placesOf(term: Term, words: readonly Word[]): Word[][] {
  const places: Word[][] = [];
  words.forEach((first, at) => {
    const run = words.slice(at, at + term.length);
    const fitsAll = term.every((piece, index) => {
      const word = run[index];
      return word && word.place === first.place + index && fits(piece, word);
    });
    if (fitsAll && places.length < PLACES) places.push(run);
  });
  return places;
}

function fits({ text, isPrefix, isMention, isCharacter }: Piece, word: Word): boolean {
  if (isCharacter) return word.characters.includes(text);
  if (isMention && word.mention < 0) return false;
  return isPrefix && word.characters.length === 0 ? word.text.startsWith(text) : word.text === text;
}

function spansOf({ text, isMention, isCharacter }: Piece, word: Word): Range[] {
  if (isMention) return [[word.mention, word.end]];
  if (!isCharacter || word.middle < 0) return [[word.start, word.end]];
  const halves: Range[] = [
    [word.start, word.middle],
    [word.middle, word.end],
  ];
  return halves.filter((_, index) => word.characters[index] === text);
}

function merge(spans: readonly Range[]): Range[] {
  const ranges: [number, number][] = [];
  for (const [start, end] of spans.toSorted(([a], [b]) => a - b)) {
    const last = ranges.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else ranges.push([start, end]);
  }
  return ranges;
}

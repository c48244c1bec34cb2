/**
 * The words of a text, folded, with their places in it. As `server/backchannel/search/words.py`, which says what a word is;
 * `protocol/vectors/search` holds for both.
 */
import { folded, joins, type Kind, kindOf } from './letters.ts';

export interface Word {
  readonly text: string;
  /** Where it stands in the text. */
  readonly start: number;
  readonly end: number;
  /** Its number in the text: words beside each other are numbered so. */
  readonly place: number;
  /** Where the `@` before it stands; -1 if there is none. */
  readonly mention: number;
  /** Of a pair, or of a single character, of a script without spaces; empty for a word. */
  readonly characters: readonly string[];
  /** Of a pair: where its second character starts; else -1. */
  readonly middle: number;
}

/** A folded character, and where what it was made of stands. */
interface Letter {
  readonly text: string;
  readonly kind: Kind;
  readonly start: number;
  readonly end: number;
}

const LONGEST_SCHEME = 20;
/** Behind `://`: who and where, the path, the rest. */
const ADDRESS = /([^\s/?#<>"`)]*)([^\s?#<>"`)]*)([^\s<>"`)]*)/y;
const SCHEME = /[a-z0-9+.-]/;

export function wordsOf(text: string): Word[] {
  const letters = dropUrls(fold(text));
  const words: Word[] = [];
  let place = 0;
  for (let first = 0, end; first < letters.length; first = end) {
    const { kind } = letters[first] as Letter;
    end = first + 1;
    if (kind !== 'word' && kind !== 'cjk') continue;
    while (end < letters.length && [kind, 'mark'].includes((letters[end] as Letter).kind)) end++;
    const run = letters.slice(first, end);
    if (kind === 'cjk') {
      for (const pair of pairsOf(run)) words.push({ ...pair, place: place++ });
      continue;
    }
    const at = letters[first - 1];
    const isMention = at?.kind === 'at' && !['word', 'cjk', 'mark'].includes(letters[first - 2]?.kind ?? 'none');
    words.push({ ...join(run), place: place++, mention: isMention ? at.start : -1, characters: [], middle: -1 });
  }
  return words;
}

/** The form in which the names and values of a query are compared. */
export const foldText = (text: string): string =>
  fold(text)
    .map((letter) => letter.text)
    .join('');

function fold(text: string): Letter[] {
  const clusters: string[] = [];
  for (const character of text) {
    if (clusters.length > 0 && joins(character)) clusters[clusters.length - 1] += character;
    else clusters.push(character);
  }
  const letters: Letter[] = [];
  let start = 0;
  for (const cluster of clusters) {
    const end = start + cluster.length;
    for (const each of folded(cluster)) letters.push({ text: each, kind: kindOf(each), start, end });
    start = end;
  }
  return letters;
}

/** Scheme, user, port, query and fragment of a URL do not count. */
function dropUrls(letters: Letter[]): Letter[] {
  const plain = letters.map(({ text }) => (text.length === 1 ? text : '\ufffd')).join('');
  let at = plain.indexOf('://');
  if (at < 0) return letters;
  const kept = [...letters];
  const drop = (from: number, to: number) => {
    for (let each = from; each < to; each++) kept[each] = { ...(kept[each] as Letter), kind: 'none' };
  };
  while (at >= 0) {
    let start = at;
    while (start > Math.max(0, at - LONGEST_SCHEME) && SCHEME.test(plain[start - 1] as string)) start--;
    ADDRESS.lastIndex = at + 3;
    const [, authority = '', path = '', rest = ''] = ADDRESS.exec(plain) ?? [];
    let next = at + 3;
    if (start < at) {
      const host = at + 3 + authority.lastIndexOf('@') + 1;
      const pathStart = at + 3 + authority.length;
      drop(start, host);
      drop(pathStart - (/:[0-9]*$/.exec(authority.slice(host - at - 3))?.[0].length ?? 0), pathStart);
      drop(pathStart + path.length, pathStart + path.length + rest.length);
      next = pathStart + path.length + rest.length;
    }
    at = plain.indexOf('://', next);
  }
  return kept;
}

function pairsOf(run: readonly Letter[]): Omit<Word, 'place'>[] {
  const units: { text: string; start: number; end: number }[] = [];
  for (const letter of run) {
    const last = units.at(-1);
    if (last && letter.kind === 'mark')
      units[units.length - 1] = { ...last, text: last.text + letter.text, end: letter.end };
    else units.push(letter);
  }
  const [only] = units;
  if (units.length === 1 && only) {
    return [{ text: only.text, start: only.start, end: only.end, mention: -1, characters: [only.text], middle: -1 }];
  }
  return units.slice(1).map((second, index) => {
    const first = units[index] as Letter;
    return {
      text: first.text + second.text,
      start: first.start,
      end: second.end,
      mention: -1,
      characters: [first.text, second.text],
      middle: second.start,
    };
  });
}

function join(run: readonly Letter[]): Pick<Word, 'text' | 'start' | 'end'> {
  const [first, last] = [run[0] as Letter, run.at(-1) as Letter];
  return { text: run.map(({ text }) => text).join(''), start: first.start, end: last.end };
}

/**
 * What was typed into the search box, in parts: for chips and completion. As `server/backchannel/search/query.py`;
 * `protocol/vectors/search` holds for both.
 */
import { foldText } from './words.ts';

export const FILTERS = ['from', 'in', 'before', 'after', 'on', 'has', 'is'] as const;
export type FilterName = (typeof FILTERS)[number];

interface Place {
  /** Where it stands in the query. */
  readonly start: number;
  readonly end: number;
}
export interface TextPart extends Place {
  readonly kind: 'word' | 'phrase';
  /** As typed. */
  readonly text: string;
  readonly excluded: boolean;
}
export interface FilterPart extends Place {
  readonly kind: 'filter';
  readonly name: FilterName;
  /** Folded. */
  readonly text: string;
}
export type QueryPart = TextPart | FilterPart;

/** White space of Unicode, listed: languages disagree on theirs. */
const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const PART = new RegExp(`(-?)(?:"([^"]*)(?:"|$)|([^${SPACE}"]+)((?<=:)"([^"]*)(?:"|$))?)`, 'g');
const isFilter = (name: string): name is FilterName => (FILTERS as readonly string[]).includes(name);
const trim = (text: string): string => text.replace(new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, 'g'), '');

export function parseQuery(query: string): QueryPart[] {
  return [...query.matchAll(PART)].flatMap(partsOf);
}

function partsOf(match: RegExpMatchArray): QueryPart[] {
  const [whole, minus = '', phrase, word = '', value, quoted = ''] = match;
  const place = { start: match.index as number, end: (match.index as number) + whole.length };
  const excluded = minus !== '';
  if (phrase !== undefined) return [{ kind: 'phrase', text: phrase, ...place, excluded }];
  const colon = word.indexOf(':');
  const name = foldText(word.slice(0, Math.max(colon, 0)));
  const given = word.slice(colon + 1);
  const isKnown = colon >= 0 && !excluded && isFilter(name);
  if (value === undefined) {
    if (isKnown && given) return [{ kind: 'filter', name, text: foldText(given), ...place }];
    return [{ kind: 'word', text: word, ...place, excluded }];
  }
  if (isKnown && !given && trim(quoted)) return [{ kind: 'filter', name, text: foldText(trim(quoted)), ...place }];
  const middle = place.end - value.length;
  return [
    { kind: 'word', text: word, start: place.start, end: middle, excluded },
    { kind: 'phrase', text: quoted, start: middle, end: place.end, excluded: false },
  ];
}

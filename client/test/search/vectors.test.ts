/**
 * The golden words, queries and matches of `protocol/vectors/search`. The server's tests read the same files.
 */
import { describe, expect, it } from 'vitest';
import matches from '../../../protocol/vectors/search/matches.json' with { type: 'json' };
import queries from '../../../protocol/vectors/search/queries.json' with { type: 'json' };
import words from '../../../protocol/vectors/search/words.json' with { type: 'json' };
import { matchWords } from '../../src/search/matching.ts';
import { parseQuery } from '../../src/search/query.ts';
import { wordsOf } from '../../src/search/words.ts';

describe('the words of a text', () => {
  it.each(words.map(({ why, ...vector }) => [why, vector] as const))('%s', (_, vector) => {
    const nothing = { mention: -1, characters: [], middle: -1 };
    expect(wordsOf(vector.text)).toEqual(vector.words.map((word) => ({ ...nothing, ...word })));
  });
});

describe('the parts of a query', () => {
  it.each(queries.map(({ why, ...vector }) => [why, vector] as const))('%s', (_, vector) => {
    const parts = vector.parts.map((part) => (part.kind === 'filter' ? part : { excluded: false, ...part }));
    expect(parseQuery(vector.query)).toEqual(parts);
  });
});

describe('where a query matches', () => {
  it.each(matches.map(({ why, ...vector }) => [why, vector] as const))('%s', (_, { query, content, ranges }) => {
    expect(matchWords(parseQuery(query), content)).toEqual(ranges);
  });
});

import type { User } from '@backchannel/client';
import { describe, expect, it } from 'vitest';
import { insertMention, mentionQueryAt, searchPeople } from '../../src/features/composer/mentions.ts';

const person = (id: number, username: string, display_name: string): User => ({ id, username, display_name });
const maya = person(1, 'maya', 'Maya Lindqvist');
const tomas = person(2, 'tomas', 'Tomás Rivera');
const tom = person(3, 'tom', 'Tom Okafor');

describe('the mention being completed', () => {
  const queryAt = (text: string) => mentionQueryAt(text, text.length)?.query ?? null;

  it('is the @word that ends at the caret', () => {
    expect(queryAt('@')).toBe('');
    expect(queryAt('hello @to')).toBe('to');
    expect(queryAt('(@to')).toBe('to');
    expect(mentionQueryAt('@to and more', 3)).toEqual({ from: 0, to: 3, query: 'to' });
  });

  it.each(['（@to', '你好，@to', '「@to', '“@to', '—@to', '¿@to', '*@to', '|@to'])(
    'begins after any sign: %s',
    (text) => {
      expect(queryAt(text)).toBe('to');
    },
  );

  it.each(['özl', 'özl'.normalize('NFD'), 'नमस्ते', 'ไทย'])(
    'may have letters of any script and normalization: %s',
    (word) => {
      expect(queryAt(`hello @${word}`)).toBe(word);
    },
  );

  it('does not exist in addresses, in code, or after the word', () => {
    expect(queryAt('me@home')).toBeNull();
    expect(queryAt('https://social.example/@to')).toBeNull();
    expect(queryAt('`@to')).toBeNull();
    expect(queryAt('@to ')).toBeNull();
    expect(queryAt('no')).toBeNull();
  });
});

describe('the people offered', () => {
  it('match by username and by every part of the name, ignoring accents', () => {
    const found = (query: string) => searchPeople(query, [maya, tomas, tom], 99).map((user) => user.username);
    expect(found('tom')).toEqual(['tom', 'tomas']);
    expect(found('rivera')).toEqual(['tomas']);
    expect(found('lind')).toEqual(['maya']);
    expect(found('xyz')).toEqual([]);
  });

  it('never include the user, and nobody twice', () => {
    expect(searchPeople('', [maya, tom, tom], maya.id)).toEqual([tom]);
  });
});

it('inserts the mention with one space after it', () => {
  expect(insertMention('hi @to', { from: 3, to: 6, query: 'to' }, tom)).toEqual({ text: 'hi @tom ', caret: 8 });
  expect(insertMention('hi @to there', { from: 3, to: 6, query: 'to' }, tom)).toEqual({
    text: 'hi @tom there',
    caret: 8,
  });
});

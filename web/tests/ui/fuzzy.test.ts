import { expect, it } from 'vitest';
import { fuzzyFilter, fuzzyScore } from '../../src/ui/fuzzy.ts';

const best = (query: string, names: string[]) => fuzzyFilter(query, names, (name) => [name]);

it('a match at the start ranks above the middle, the middle above scattered letters', () => {
  expect(best('des', ['model-desk', 'undesired', 'design', 'dead news'])).toEqual([
    'design',
    'model-desk',
    'undesired',
    'dead news',
  ]);
});

it('ignores accents, case and missing letters', () => {
  expect(best('TOMAS', ['Tomás'])).toEqual(['Tomás']);
  expect(best('dsgn', ['design', 'general'])).toEqual(['design']);
});

it.each([
  ['strasse', 'Straße'],
  ['STRASSE', 'Straße'],
  ['straß', 'STRASSE'],
  ['full', 'Ｆｕｌｌ'],
  ['ｆｕｌｌ', 'full'],
  ['ΜΑΣ', 'Μάστορας'],
  ['finn', 'ﬁnn'],
  ['ﾊﾝ', 'ハンカク'],
  ['anna', 'an\u200bna'],
  ['анна', 'Анна'],
  ['елка', 'Ёлка'],
  ['özl', 'O\u0308zlem'],
  ['ist', 'İstanbul'],
  ['احمد', 'أَحْمَد'],
])('is folded as on the server: %s finds %s', (query, name) => {
  expect(best(query, [name])).toEqual([name]);
  expect(best(query.normalize('NFD'), [name])).toEqual([name]);
});

it('marks that make a different letter count', () => {
  expect(best('か', ['が'])).toEqual([]);
});

it('widely scattered letters do not match', () => {
  expect(fuzzyScore('abc', 'a very long text about nothing but clouds')).toBe(0);
  expect(fuzzyScore('x.*', 'xyz')).toBe(0);
});

it('an empty query keeps all items in their order', () => {
  expect(best(' ', ['b', 'a'])).toEqual(['b', 'a']);
});

it('a primary text ranks above secondary ones, however well these match', () => {
  const rooms = [
    { name: '', people: ['priya'] },
    { name: 'Weekend', people: ['priya', 'pri'] },
    { name: 'a private list', people: [] },
    { name: 'The pride of a club with quite a long name', people: [] },
    { name: 'Priya Raman', people: [] },
  ];
  const found = fuzzyFilter(
    'pri',
    rooms,
    ({ name }) => [name],
    ({ people }) => people,
  );
  expect(found.map(({ name }) => name)).toEqual([
    'Priya Raman',
    'a private list',
    'The pride of a club with quite a long name',
    'Weekend',
    '',
  ]);
});

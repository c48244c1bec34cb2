import type { Room, User } from '@backchannel/client';
import { describe, expect, it } from 'vitest';
import { queryOf, takeChips } from '../../src/features/search/chips.ts';
import { completionsOf, filterAt } from '../../src/features/search/completions.ts';
import { excerptOf } from '../../src/features/search/excerpt.ts';

describe('chips', () => {
  it('a filter becomes a chip once something follows it, or Enter says that it is complete', () => {
    expect(takeChips('from:ada', false)).toEqual({ chips: [], rest: 'from:ada' });
    expect(takeChips('from:ada ', false).chips).toEqual([{ name: 'from', typed: 'from:ada', value: 'ada' }]);
    expect(takeChips('deploy from:ada', true)).toMatchObject({ chips: [{ typed: 'from:ada' }], rest: 'deploy ' });
  });

  it('keeps quoted names together, and leaves what is no filter as text', () => {
    const { chips, rest } = takeChips('in:"Release notes" did -from:ben x:y "from:ada" ', false);
    expect(chips).toEqual([{ name: 'in', typed: 'in:"Release notes"', value: 'Release notes' }]);
    expect(rest).toBe('did -from:ben x:y "from:ada" ');
    expect(queryOf([...chips, ...chips], rest)).toBe('in:"Release notes" did -from:ben x:y "from:ada"');
  });
});

describe('completion', () => {
  const ada = { id: 2, username: 'ada', display_name: 'Ada Lovelace' } as User;
  const me = { id: 1, username: 'ben', display_name: 'Ben' } as User;
  const rooms = [
    { id: 1, kind: 'channel', name: 'Release "notes"' },
    { id: 2, kind: 'direct', name: null },
  ] as unknown as Room[];
  const known = { people: [me, ada], rooms, me, now: Date.parse('2026-03-02T12:00:00Z') };
  const typed = (text: string) => {
    const filter = filterAt(text, text.length);
    return filter && completionsOf(filter, known).map((each) => each.typed);
  };

  it('knows the filter at the caret, and no other word', () => {
    expect(filterAt('deploy from:"Ada L', 18)).toEqual({ name: 'from', value: 'Ada L', start: 7, end: 18 });
    expect(filterAt('deploy from:ada', 6)).toBeNull();
    for (const text of ['deploy', 'from', '-from:', 'x:', 'from:ada ', '"from:"'])
      expect(filterAt(text, text.length)).toBeNull();
  });

  it('completes people, rooms, days and kinds', () => {
    expect(typed('from:')).toEqual(['from:me', 'from:ada']);
    expect(typed('FROM:lov')).toEqual(['from:ada']);
    expect(typed('in:rel')).toEqual(['in:"Release  notes"']);
    expect(typed('has:im')).toEqual(['has:image']);
    expect(typed('is:')).toEqual(['is:dm', 'is:thread', 'is:pinned']);
    expect(typed('before:yes')).toEqual(['before:2026-03-01']);
  });
});

describe('excerpts', () => {
  const shown = (content: string, ranges: [number, number][], length?: number) =>
    excerptOf(content, ranges, length)
      .map(({ text, isMatch }) => (isMatch ? `[${text}]` : text))
      .join('');

  it('mark every match, on one line', () => {
    expect(
      shown('one\ntwo  one', [
        [0, 3],
        [9, 12],
      ]),
    ).toBe('[one] two [one]');
    expect(shown('no match in here', [])).toBe('no match in here');
    expect(shown('', [])).toBe('');
  });

  it('begin at a word before the first match, and end in time', () => {
    const content = `${'before '.repeat(30)}match ${'after '.repeat(80)}match`;
    const excerpt = shown(content, [
      [210, 215],
      [content.length - 5, content.length],
    ]);
    expect(excerpt).toMatch(/^…before before .*\[match\] after .*…$/);
    expect(excerpt.length).toBeLessThan(270);
  });

  it('split no character, and let nothing turn the text around them', () => {
    const content = `${'😀'.repeat(100)}match\u202e!`;
    expect(shown(content, [[200, 205]])).toMatch(/^…(?:😀)+\[match\]!$/u);
    expect(shown('😀😀😀', [[0, 6]], 3)).toBe('[😀]…');
  });
});

import '../../src/styles/index.css';
import { describe, expect, it } from 'vitest';
import { render } from 'vitest-browser-react';
import { loadLexer } from '../../src/app/lazyWithRetry.ts';
import { searchPeople, mentionQueryAt } from '../../src/features/composer/mentions.ts';
import { exceedsLimits, LIMITS, partsOf } from '../../src/features/timeline/markdown/limits.ts';
import { highlight, LANGUAGES } from '../../src/features/timeline/markdown/highlight.ts';
import { lex, parse } from '../../src/features/timeline/markdown/lexer.ts';
import { Markdown } from '../../src/features/timeline/markdown/Markdown.tsx';
import { plain, splitMentions, limitCombiningMarks } from '../../src/features/timeline/markdown/parse.ts';
import { QuoteLine } from '../../src/features/timeline/QuoteLine.tsx';
import { fuzzyFilter } from '../../src/ui/fuzzy.ts';
import { cleanName, isolated } from '../../src/ui/names.ts';
import { plainText } from '../../src/ui/plainText.ts';
import { bob } from './make.ts';
import { LONGEST, SHAPES, variantsOf } from './shapes.ts';

const shapes = Object.entries(SHAPES);
const isVerbatim = (text: string) => lex(text).tokens.some(({ type }) => type === 'verbatim');

/** Two elements per token, plus the parts of a table and of a code block, plus mentions. */
const MOST_ELEMENTS = LIMITS.tokens * 2 + 400;

describe('any message', () => {
  it('is represented by enough sample texts', () => {
    expect(shapes.length).toBeGreaterThan(200);
    for (const [, shape] of shapes) expect(shape.length).toBeGreaterThan(2_000);
  });

  it.each(shapes)('is parsed within the limits, without losing text: %s', (_, shape) => {
    for (const text of variantsOf(shape)) {
      const { tokens, size, steps } = lex(text);
      expect(steps).toBeLessThanOrEqual(LIMITS.steps + 1);
      expect(size).toBeLessThanOrEqual(LIMITS.tokens);
      // A text beyond a limit is complete.
      const lines = limitCombiningMarks(text)
        .split(/\r\n|[\r\n]/)
        .join('\n');
      for (const { type, raw } of tokens)
        if (type === 'verbatim')
          expect([limitCombiningMarks(text), lines].some((whole) => whole.includes(raw))).toBe(true);
    }
  });

  it.each(shapes)('renders a bounded number of elements: %s', async (_, shape) => {
    await loadLexer();
    const { container, unmount } = await render(
      <Markdown content={shape.slice(0, LONGEST)} mentioned={null} me="ann" />,
    );
    expect(container.querySelectorAll('*').length).toBeLessThan(MOST_ELEMENTS);
    await unmount();
  });

  it.each(shapes)('has a short one-line form: %s', async (_, shape) => {
    expect(plainText(shape).length).toBeLessThanOrEqual(160);
    expect(plain(shape).length).toBeLessThanOrEqual(LONGEST / 3 + 1);
    const quote = { id: 'm1', seq: 1, sender: { ...bob, display_name: shape }, excerpt: shape };
    const { container, unmount } = await render(<QuoteLine quote={quote} onJump={() => undefined} />);
    expect(container.textContent?.length).toBeLessThan(600);
    expect(container.querySelector('button')?.ariaLabel?.length).toBeLessThan(600);
    await unmount();
  });

  it.each(shapes)('costs little as a name, as a search query and in the composer: %s', (_, shape) => {
    expect(cleanName(shape).length).toBeLessThanOrEqual(300);
    expect(isolated(shape).length).toBeLessThanOrEqual(302);
    expect(fuzzyFilter(shape, ['general', shape], (name) => [name]).length).toBeLessThanOrEqual(2);
    expect(searchPeople(shape, [bob, { ...bob, id: 9, display_name: shape }], 1).length).toBeLessThanOrEqual(2);
    expect(mentionQueryAt(`${shape}@bo`, shape.length + 3)?.query ?? 'bo').toBe('bo');
  });

  // Each language with a quarter of the texts, so that each text is highlighted three times.
  it.each(LANGUAGES.map((language, index) => [language, index] as const))(
    'its colours as %s code are few, or none',
    async (language, turn) => {
      for (const [, shape] of shapes.filter((_shape, index) => index % 4 === turn % 4)) {
        const { container, unmount } = await render(<code>{highlight(shape.slice(0, 8_000), language)}</code>);
        expect(container.querySelectorAll('span').length).toBeLessThanOrEqual(1_200);
        await unmount();
      }
    },
  );
});

describe('ordinary messages', () => {
  it('never exceed a limit', () => {
    const list = (count: number) =>
      Array.from({ length: count }, (_each, index) => `- **item ${index}**: [it](https://example.org/${index})`).join(
        '\n',
      );
    const table = `| a | b | c | d |\n|---|---|---|---|\n${'| 1 | 2 | **3** | `4` |\n'.repeat(60)}`;
    const snake = 'a_snake_case_name of_some_kind '.repeat(40);
    const prose = 'Some *prose* with **bold**, `code` and https://example.org/a?b=1 in it. '.repeat(100);
    const cjk = '这是一个**很长**的段落，没有空格。'.repeat(150);
    const signed = `https://example.org/file?signature=${'a1B2'.repeat(400)}`;
    const nested = '- a\n  - b\n    - c\n      - d\n        > e\n        > > f';
    for (const text of [list(150), table, snake, prose, cjk, signed, nested]) expect(isVerbatim(text)).toBe(false);
  });

  it('may have any number of marks in fenced code', () => {
    const code = 'snake_case_name * [x](y) <z> `q` | a |\n'.repeat(400).trimEnd();
    const { tokens } = lex(`Look:\n\`\`\`python\n${code}\n\`\`\`\nand **this**`);
    expect(tokens.map(({ type }) => type)).toEqual(['paragraph', 'code', 'paragraph']);
    expect(tokens[1]).toMatchObject({ text: code, lang: 'python' });
  });

  it('keep their formatting beside a text that exceeds a limit', () => {
    const { tokens } = lex(`${'>'.repeat(1_750)}\n\`\`\`\ncode\n\`\`\`\n**bold**`);
    expect(tokens.map(({ type }) => type)).toEqual(['verbatim', 'code', 'paragraph']);
  });
});

describe('the limits', () => {
  it.each([
    ['quotes in each other', '>'.repeat(LIMITS.depth), '>'.repeat(LIMITS.depth + 1)],
    ['lists in each other', `${'- '.repeat(LIMITS.depth)}a`, `${'- '.repeat(LIMITS.depth + 1)}a`],
    ['lines', 'a\n'.repeat(LIMITS.lines - 1), 'a\n'.repeat(LIMITS.lines + 1)],
    ['spaces', `a${' '.repeat(LIMITS.run)}b`, `a${' '.repeat(LIMITS.run + 1)}b`],
    ['letters in a row', 'a'.repeat(LIMITS.word), 'a'.repeat(LIMITS.word + 1)],
    ['letters with an @', `${'a'.repeat(LIMITS.mail - 1)}@`, `${'a'.repeat(LIMITS.mail)}@`],
    [
      'columns',
      `${'|a'.repeat(LIMITS.columns - 1)}\n${'|-'.repeat(LIMITS.columns - 1)}`,
      `${'|a'.repeat(LIMITS.columns + 1)}\n${'|-'.repeat(LIMITS.columns + 1)}`,
    ],
    ['cells', `|a|b|\n|-|-|\n${'|1|2|\n'.repeat(200)}`, `${'|a'.repeat(30)}\n${'|-'.repeat(30)}\n${'|\n'.repeat(60)}`],
  ])('hold for %s', (_, within, beyond) => {
    expect(isVerbatim(within)).toBe(false);
    expect(lex(beyond).tokens).toEqual([{ type: 'verbatim', raw: beyond.replace(/\n$/, '\n'), text: beyond }]);
  });

  it('do not count fenced code', () => {
    expect(partsOf('a\n```js\nb\n```\nc').map(({ kind, text }) => [kind, text])).toEqual([
      ['text', 'a'],
      ['code', 'b'],
      ['text', 'c'],
    ]);
    // A shorter fence, another kind of fence, and one with a language do not close a block.
    expect(partsOf('````\n```\n~~~~\n````js\n````').map(({ text }) => text)).toEqual(['```\n~~~~\n````js']);
    expect(partsOf('a ``` b').map(({ kind }) => kind)).toEqual(['text']);
    expect(exceedsLimits('a\r\nb')).toBe(false);
  });
});

it('a message is parsed once, however often its row mounts', () => {
  expect(parse('**once**')).toBe(parse('**once**'));
  expect(parse('**once**')).not.toEqual(parse('**twice**'));
});

it('names are looked up once for each @, however long the text after it', () => {
  let asked = 0;
  const isName = () => {
    asked += 1;
    return false;
  };
  expect(splitMentions(`@a${'.'.repeat(LONGEST)}`, isName)).toHaveLength(1);
  expect(asked).toBeLessThanOrEqual(150);
});

it('excess combining marks are removed, so that layout is fast', async () => {
  await loadLexer();
  const pile = `a${'\u0301'.repeat(LONGEST)} and Tiếng Việt, שָׁלוֹם`;
  const { container } = await render(
    <Markdown content={`${pile}\n\n\`\`\`\n${pile}\n\`\`\``} mentioned={null} me="ann" />,
  );
  expect(container.textContent).toBe(`a${'\u0301'.repeat(16)} and Tiếng Việt, שָׁלוֹם`.repeat(2));
});

it('a text beyond the limits scrolls in its own focusable box', async () => {
  await loadLexer();
  const { container } = await render(<Markdown content={'a\n'.repeat(8_000)} mentioned={null} me="ann" />);
  expect(container.getBoundingClientRect().height).toBeLessThan(700);
  expect(container.querySelector<HTMLElement>('[aria-label="Long text"]')?.tabIndex).toBe(0);
});

import { describe, expect, it } from 'vitest';
import { render } from 'vitest-browser-react';
import { loadLexer } from '../../src/app/lazyWithRetry.ts';
import { Markdown } from '../../src/features/timeline/markdown/Markdown.tsx';
import { isOnlyEmoji, plain, safeUrl, splitMentions } from '../../src/features/timeline/markdown/parse.ts';
import { plainText } from '../../src/ui/plainText.ts';

async function renderMarkdown(
  content: string,
  mentioned: ReadonlySet<string> | null = new Set(),
  me = 'ann',
): Promise<HTMLElement> {
  await loadLexer();
  const { container } = await render(<Markdown content={content} mentioned={mentioned} me={me} />);
  return container.firstElementChild as HTMLElement;
}

describe('Markdown', () => {
  it('renders marks as elements', async () => {
    const text = await renderMarkdown('**bold** _soft_ ~~gone~~ `x < 1`\n\n> said\n\n1. one\n2. two');
    expect(text.querySelector('strong')?.textContent).toBe('bold');
    expect(text.querySelector('em')?.textContent).toBe('soft');
    expect(text.querySelector('del')?.textContent).toBe('gone');
    expect(text.querySelector('code')?.textContent).toBe('x < 1');
    expect(text.querySelector('blockquote')?.textContent).toBe('said');
    expect([...text.querySelectorAll('ol > li')].map((item) => item.textContent)).toEqual(['one', 'two']);
  });

  it('keeps single newlines, entities and code as typed', async () => {
    const text = await renderMarkdown('a\nb &amp; &lt;c\n\n```\n  <b>&amp;\n```');
    expect(text.querySelector('br')).not.toBeNull();
    expect(text.querySelector('p')?.textContent).toBe('ab &amp; &lt;c');
    expect(text.querySelector('pre')?.textContent).toBe('  <b>&amp;');
  });

  it('renders plain text the same before the lexer is loaded', async () => {
    const { parse } = await loadLexer();
    const shape = (tokens: ReturnType<typeof plain>): unknown =>
      tokens
        .filter(({ type }) => type !== 'space')
        .map((token) => [token.type, 'tokens' in token && token.tokens?.map(({ type, raw }) => [type, raw.trim()])]);
    for (const content of ['one line', 'two\nlines', 'a paragraph\n\nand\nanother', 'ends\n']) {
      expect(shape(plain(content))).toEqual(shape(parse(content)));
    }
  });

  it('shows HTML as text', async () => {
    for (const html of [
      '<b>x</b>',
      '<script>alert(1)</script>',
      '<img src=x onerror=alert(1)>',
      '<!-- c -->',
      '<iframe src="//x">',
    ]) {
      const text = await renderMarkdown(`before ${html} after\n\n${html}`);
      expect(text.textContent).toContain(html);
      expect(text.querySelector('b, script, img, iframe')).toBeNull();
    }
  });

  it('renders tables and task lists', async () => {
    const text = await renderMarkdown('| a | b |\n|---|---|\n| 1 | **2** |\n\n- [x] done\n- [ ] open');
    expect([...text.querySelectorAll('td')].map((cell) => cell.textContent)).toEqual(['1', '2']);
    expect([...text.querySelectorAll('input')].map((box) => box.checked)).toEqual([true, false]);
  });
});

it.each([
  '#',
  '>',
  '-',
  '**\u200b**',
  '`\u2800`',
  '_\u00ad_',
  '[](https://example.org)',
  '[\u200b](https://example.org)',
  '- \u3164',
  '||\n|-|',
])('marks around nothing visible are shown as typed: %j', async (content) => {
  const text = await renderMarkdown(content);
  expect(text.textContent?.replace(/\s/g, '')).toBe(content.replace(/\s/g, ''));
  expect(plainText(content)).toMatch(/[#>*`_[\]|-]/);
});

describe('links', () => {
  it('open in a new tab without a referrer or opener', async () => {
    const link = (await renderMarkdown('see https://example.org/a?b=1.')).querySelector('a');
    expect(link?.getAttribute('href')).toBe('https://example.org/a?b=1');
    expect(link?.rel).toBe('noopener noreferrer nofollow');
    expect(link?.target).toBe('_blank');
  });

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\nscript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://example.org/1',
    '//example.org',
    '/admin/',
    '?next=x',
  ])('%j never becomes one', async (href) => {
    expect(safeUrl(href)).toBeNull();
    expect((await renderMarkdown(`[click](<${href}>) ![x](<${href}>) <${href}>`)).querySelector('a, img')).toBeNull();
  });

  it('images become links and are never loaded', async () => {
    const text = await renderMarkdown('![cat](https://example.org/cat.png)');
    expect(text.querySelector('img')).toBeNull();
    expect(text.querySelector('a')?.getAttribute('href')).toBe('https://example.org/cat.png');
  });
});

describe('mentions', () => {
  it('marks mentioned users, and the signed-in user more strongly', async () => {
    const text = await renderMarkdown('@ann and @bob, not @carl or ann@bob.org', new Set(['ann', 'bob']));
    expect([...text.querySelectorAll('.bc-mention')].map((each) => each.textContent)).toEqual(['@ann', '@bob']);
    expect(text.querySelector('.bc-mention-me')?.textContent).toBe('@ann');
  });

  it('excludes a full stop after a name', () => {
    const isName = (name: string) => name === 'ann' || name === 'a.b';
    const named = (text: string) => splitMentions(text, isName).flatMap((part) => part.mention ?? []);
    expect(named('@ann. @a.b. @Ann!')).toEqual(['ann', 'a.b', 'ann']);
    expect(named('x@ann @annette @@ann')).toEqual([]);
  });

  it('accepts names of any script and case', async () => {
    const text = await renderMarkdown('@АННА, @Özlem and @Bob', new Set(['анна', 'özlem', 'bob']), 'Анна');
    const marked = [...text.querySelectorAll('.bc-mention')].map((each) => each.textContent);
    expect(marked).toEqual(['@АННА', '@Özlem', '@Bob']);
    expect(text.querySelector('.bc-mention-me')?.textContent).toBe('@АННА');
  });

  it('ignores names in code', async () => {
    expect((await renderMarkdown('`@ann`', new Set(['ann']))).querySelector('.bc-mention')).toBeNull();
  });
});

it('up to three emoji without other text are large', () => {
  expect(['👍', '👩‍👩‍👧 🎉', '❤️👍🏽😂'].every(isOnlyEmoji)).toBe(true);
  expect(['1', 'ok 👍', '👍👍👍👍', ''].some(isOnlyEmoji)).toBe(false);
});

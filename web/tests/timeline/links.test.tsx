import '../../src/styles/index.css';
import { describe, expect, it } from 'vitest';
import { render } from 'vitest-browser-react';
import { loadLexer } from '../../src/app/lazyWithRetry.ts';
import { hostToShow } from '../../src/features/timeline/markdown/linkHost.ts';
import { Markdown } from '../../src/features/timeline/markdown/Markdown.tsx';

async function link(content: string): Promise<HTMLAnchorElement> {
  await loadLexer();
  const { container } = await render(<Markdown content={content} mentioned={new Set()} me="ann" />);
  return container.querySelector('a') as HTMLAnchorElement;
}

describe('a link whose text shows another address than its target shows the host', () => {
  it.each([
    ['[https://bank.example](http://evil.example)', 'https://bank.example (evil.example)'],
    ['[bank.example](http://evil.example/bank.example)', 'bank.example (evil.example)'],
    ['[www.bank.example/login](https://evil.example)', 'www.bank.example/login (evil.example)'],
    ['[see https://bank.example now](https://evil.example)', 'see https://bank.example now (evil.example)'],
    ['[**https://bank.example**](https://evil.example)', 'https://bank.example (evil.example)'],
    ['[https://`bank`.example](https://evil.example)', 'https://bank.example (evil.example)'],
    ['[https://bank.example](https://bank.example.evil.example)', 'https://bank.example (bank.example.evil.example)'],
    ['[https://bank.example](https://bank.example@evil.example)', 'https://bank.example (evil.example)'],
    ['[https://bank.example](https://bank.example:8443)', 'https://bank.example (bank.example:8443)'],
    ['[click](https://bank.example@evil.example)', 'click (evil.example)'],
    ['[http://10.0.0.1](http://10.0.0.2)', 'http://10.0.0.1 (10.0.0.2)'],
    ['[https://bank](https://evil.example)', 'https://bank (evil.example)'],
    ['[ann@bank.example](mailto:eve@evil.example)', 'ann@bank.example (eve@evil.example)'],
    ['[ann@bank.example](https://evil.example)', 'ann@bank.example (evil.example)'],
    ['[https://bank.example](mailto:eve@evil.example)', 'https://bank.example (eve@evil.example)'],
    ['![https://bank.example](https://evil.example/a.png)', '🖼 https://bank.example (evil.example)'],
    ['[bank。example](https://evil.example)', 'bank。example (evil.example)'],
    ['[b\u200bank.exam\u00adple](https://evil.example)', 'b\u200bank.exam\u00adple (evil.example)'],
    ['[ｂａｎｋ．ｅｘａｍｐｌｅ](https://evil.example)', 'ｂａｎｋ．ｅｘａｍｐｌｅ (evil.example)'],
    ['[\u202eelpmaxe.knab//:sptth](https://evil.example)', '\u202eelpmaxe.knab//:sptth (evil.example)'],
    // Other characters around the address.
    ['[bank.example🔒](https://evil.example)', 'bank.example🔒 (evil.example)'],
    ['[🔒 bank.example✓](https://evil.example)', '🔒 bank.example✓ (evil.example)'],
    ['[bank.example→login](https://evil.example)', 'bank.example→login (evil.example)'],
    ['[https:bank.example](https://evil.example)', 'https:bank.example (evil.example)'],
    ['[https:∕∕bank.example∕login](https://evil.example)', 'https:∕∕bank.example∕login (evil.example)'],
    ['[https:/bank.example](https://evil.example)', 'https:/bank.example (evil.example)'],
    ['[bank.example–pay](https://evil.example)', 'bank.example–pay (evil.example)'],
    ['[10.0.0.1/login](http://10.0.0.2)', '10.0.0.1/login (10.0.0.2)'],
    ['[localhost:8000](http://evil.example)', 'localhost:8000 (evil.example)'],
    ['[ann@bank.example✓](mailto:eve@evil.example)', 'ann@bank.example✓ (eve@evil.example)'],
    // Letters of another script that look like Latin ones.
    ['[https://bаnk.example](https://bаnk.example)', 'https://bаnk.example (xn--bnk-6cd.example)'],
    ['https://bаnk.example/', 'https://bаnk.example/ (xn--bnk-6cd.example)'],
    ['https://bank.example@evil.example/', 'https://bank.example@evil.example/ (evil.example)'],
    ['<https://bank.example@evil.example/>', 'https://bank.example@evil.example/ (evil.example)'],
  ])('%s', async (content, shown) => {
    expect((await link(content)).textContent).toBe(shown);
  });

  it('also at the end of a text that is too long to scan', () => {
    expect(hostToShow(`${'a '.repeat(200)}https://bank.example`, 'https://evil.example/')).toBe('evil.example');
  });
});

describe('other links are unchanged, with the real address in their title', () => {
  it.each([
    'https://example.org/a?b=1',
    '[the docs](https://example.org/docs)',
    '[example.org](https://example.org/docs)',
    '[www.example.org](https://example.org/)',
    '[https://EXAMPLE.org/a](https://example.org/a)',
    '[ann@example.org](mailto:ann@example.org)',
    'ann@example.org',
    '[v1.2.3 of 3.4](https://example.org)',
    '[v1.2.3.4](https://example.org)',
    '[example.org✓](https://example.org:8443/)',
    '[🔒example.org→docs](https://example.org/docs)',
    '[https://example.org/a.html](https://example.org/docs)',
    '[e.g. this](https://example.org)',
    '[Müller](https://müller.example)',
  ])('%s', async (content) => {
    const shown = await link(content);
    expect(shown.textContent).not.toContain('(');
    expect(shown.title).toBe(shown.href);
    expect(shown.rel).toBe('noopener noreferrer nofollow');
  });
});

it('the text of a link does not change the direction of the text beside it', async () => {
  expect(getComputedStyle(await link('[\u202eabc](https://evil.example) after')).unicodeBidi).toBe('isolate');
});

import type { Token, Tokens } from 'marked';
import { Fragment, memo, type ReactNode, useMemo } from 'react';
import { cx } from '../../../ui/classes.ts';
import { hostToShow } from './linkHost.ts';
import { CodeBlock } from './CodeBlock.tsx';
import { isOnlyEmoji, safeUrl, splitMentions } from './parse.ts';
import { useParse } from './useParse.ts';

interface MarkdownProps {
  readonly content: string;
  /** Usernames that are mentioned here, in small letters; others stay plain text. `null` takes every @name for one. */
  readonly mentioned: ReadonlySet<string> | null;
  readonly me: string;
}

/** A message's text. Unknown marks print as typed; HTML is text; pictures from elsewhere are links, never loaded. */
export const Markdown = memo(function Markdown({ content, mentioned, me }: MarkdownProps) {
  const parse = useParse();
  const tokens = useMemo(() => parse(content), [parse, content]);
  const draw = useMemo(() => createDraw({ mentioned, me }), [mentioned, me]);
  return (
    <div dir="auto" className={cx('bc-text', isOnlyEmoji(content) && 'text-[2rem] leading-11')}>
      {draw(tokens)}
    </div>
  );
});

/** More in one message are not marked: each is an element. */
const MENTIONS = 200;

interface Context {
  readonly mentioned: ReadonlySet<string> | null;
  readonly me: string;
}

function createDraw({ mentioned, me }: Context) {
  let left = MENTIONS;
  const isName = (name: string) => {
    if (left === 0 || mentioned?.has(name) === false) return false;
    left -= 1;
    return true;
  };

  const text = (value: string): ReactNode =>
    splitMentions(value, isName).map((part, index) =>
      part.mention === null ? (
        part.text
      ) : (
        <span key={index} className={part.mention === me.toLowerCase() ? 'bc-mention bc-mention-me' : 'bc-mention'}>
          {part.text}
        </span>
      ),
    );

  const all = (tokens: readonly Token[] | undefined): ReactNode =>
    tokens?.map((token, index) => <Fragment key={index}>{one(token)}</Fragment>);

  const inner = (token: Tokens.Generic): ReactNode =>
    token.tokens ? all(token.tokens) : text(token['text'] ?? token.raw);

  const link = (token: Tokens.Generic, label: ReactNode): ReactNode => {
    const url = safeUrl(token['href'] as string);
    if (url === null) return token.raw;
    const host = hostToShow(token.type === 'image' ? (token['text'] as string) : textOf(token), url);
    return (
      <a href={url} title={url} target="_blank" rel="noopener noreferrer nofollow">
        {label}
        {host !== null && <bdi className="bc-host"> ({host})</bdi>}
      </a>
    );
  };

  const one = (token: Tokens.Generic): ReactNode => {
    switch (token.type) {
      case 'space':
      case 'def':
        return token.type === 'def' ? token.raw : null;
      case 'paragraph':
        return <p>{inner(token)}</p>;
      case 'heading':
        return <p className="font-semibold">{inner(token)}</p>;
      case 'verbatim':
        return <Verbatim raw={token.raw}>{text(token.raw)}</Verbatim>;
      case 'text':
        return inner(token);
      case 'escape':
        return token['text'];
      case 'strong':
        return <strong>{inner(token)}</strong>;
      case 'em':
        return <em>{inner(token)}</em>;
      case 'del':
        return <del>{inner(token)}</del>;
      case 'codespan':
        return <code>{token['text']}</code>;
      case 'br':
        return <br />;
      case 'hr':
        return <hr />;
      case 'link':
        return link(token, inner(token));
      case 'image':
        return link(token, `🖼 ${token['text'] || token['href']}`);
      case 'code':
        return <CodeBlock code={token['text']} language={token['lang']} />;
      case 'blockquote':
        return <blockquote>{all(token.tokens)}</blockquote>;
      case 'list':
        return list(token as unknown as Tokens.List);
      case 'checkbox':
        return null;
      case 'table':
        return table(token as unknown as Tokens.Table);
      default:
        // HTML among them: it prints as it was typed.
        return token.raw;
    }
  };

  const list = (token: Tokens.List): ReactNode => {
    const entries = token.items.map((item, index) => (
      <li key={index} className={item.task ? 'list-none' : undefined}>
        {item.task && (
          <input type="checkbox" checked={item.checked === true} readOnly disabled className="-ml-5 mr-2" />
        )}
        {all(item.tokens)}
      </li>
    ));
    return token.ordered ? <ol start={token.start === '' ? 1 : token.start}>{entries}</ol> : <ul>{entries}</ul>;
  };

  const table = (token: Tokens.Table): ReactNode => (
    // A wide table scrolls by itself; the keyboard must reach it.
    <div className="max-w-full overflow-x-auto" role="group" aria-label="Table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {token.header.map((cell, index) => (
              <th key={index}>{all(cell.tokens)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, at) => (
                <td key={at}>{all(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );

  return (tokens: readonly Token[]) => {
    left = MENTIONS;
    return all(tokens);
  };
}

/** Above this a text may be taller than its box, which then scrolls: the keyboard must reach it. */
const TALL_SIGNS = 1_500;
const TALL_LINES = 15;

/** A text without its marks. However long it is, what stands around it is not far away. */
export function Verbatim({ raw, children }: { readonly raw: string; readonly children: ReactNode }) {
  const tall = raw.length > TALL_SIGNS || raw.split('\n', TALL_LINES + 1).length > TALL_LINES;
  return (
    <div className="bc-verbatim scroll-thin" {...(tall && { role: 'group', 'aria-label': 'Long text', tabIndex: 0 })}>
      {children}
    </div>
  );
}

/** What a link shows, without its marks. */
const textOf = (token: Tokens.Generic): string =>
  token.tokens
    ? token.tokens.map(textOf).join('')
    : token.type === 'br'
      ? ' '
      : ((token['text'] as string | undefined) ?? token.raw);

import type { Token, Tokens } from 'marked';
import { Fragment, memo, type ReactNode, useMemo } from 'react';
import { cx } from '../../../ui/classes.ts';
import { hostToShow } from './linkHost.ts';
import { CodeBlock } from './CodeBlock.tsx';
import { isOnlyEmoji, safeUrl, splitMentions } from './parse.ts';
import { useParse } from './useParse.ts';

interface MarkdownProps {
  readonly content: string;
  /** Lower-case usernames mentioned in the message; other @names stay plain text. `null` marks every @name. */
  readonly mentioned: ReadonlySet<string> | null;
  /** The username of the signed-in user. */
  readonly me: string;
}

/** A message's text. Unknown syntax and HTML are shown as typed; images become links and are never loaded. */
export const Markdown = memo(function Markdown({ content, mentioned, me }: MarkdownProps) {
  const parse = useParse();
  const tokens = useMemo(() => parse(content), [parse, content]);
  const render = useMemo(() => createRenderer({ mentioned, me }), [mentioned, me]);
  return (
    <div dir="auto" className={cx('bc-text', isOnlyEmoji(content) && 'text-[2rem] leading-11')}>
      {render(tokens)}
    </div>
  );
});

/** At most this many mentions are marked in one message, because each is an element. */
const MAX_MENTIONS = 200;

interface Context {
  readonly mentioned: ReadonlySet<string> | null;
  readonly me: string;
}

function createRenderer({ mentioned, me }: Context) {
  let left = MAX_MENTIONS;
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
        // Including HTML: shown as typed.
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
    // A wide table scrolls on its own, so it must be focusable.
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
    left = MAX_MENTIONS;
    return all(tokens);
  };
}

/** A longer text may overflow its box, which then scrolls and must be focusable. */
const TALL_CHARACTERS = 1_500;
const TALL_LINES = 15;

/** A text without formatting, in a box of limited height. */
export function Verbatim({ raw, children }: { readonly raw: string; readonly children: ReactNode }) {
  const tall = raw.length > TALL_CHARACTERS || raw.split('\n', TALL_LINES + 1).length > TALL_LINES;
  return (
    <div className="bc-verbatim scroll-thin" {...(tall && { role: 'group', 'aria-label': 'Long text', tabIndex: 0 })}>
      {children}
    </div>
  );
}

/** The plain text of a token. */
const textOf = (token: Tokens.Generic): string =>
  token.tokens
    ? token.tokens.map(textOf).join('')
    : token.type === 'br'
      ? ' '
      : ((token['text'] as string | undefined) ?? token.raw);

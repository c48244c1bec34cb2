import { Lexer, Tokenizer, type Token, type Tokens } from 'marked';
import { isBlank } from '../../../ui/names.ts';
import { exceedsLimits, LIMITS, type Part, partsOf } from './limits.ts';
import { verbatim, plain, limitCombiningMarks } from './parse.ts';

/** Thrown to stop parsing a text that exceeds a limit. */
class LimitExceeded extends Error {}

/** Steps for the message being parsed. */
let steps = 0;

function step(): void {
  steps += 1;
  if (steps > LIMITS.steps) throw new LimitExceeded('steps');
}

/** Counts searches for a closing mark, which marked repeats for every opening mark without one. */
class CountingRegExp extends RegExp {
  override exec(text: string): RegExpExecArray | null {
    step();
    return super.exec(text);
  }
}

/** Counts steps and nesting, and throws `LimitExceeded` beyond the limits. */
class LimitedTokenizer extends Tokenizer {
  #depth = 0;

  #nested<T>(src: string, rule: RegExp, inner: () => T): T | undefined {
    if (!rule.test(src)) return undefined;
    this.#depth += 1;
    if (this.#depth > LIMITS.depth) throw new LimitExceeded('depth');
    const token = inner();
    this.#depth -= 1;
    return token;
  }

  // marked tries these two first at each position of a text and at each line.
  override escape(src: string): Tokens.Escape | undefined {
    step();
    return super.escape(src);
  }

  override space(src: string): Tokens.Space | undefined {
    step();
    return super.space(src);
  }

  override blockquote(src: string): Tokens.Blockquote | undefined {
    return this.#nested(src, this.rules.block.blockquote, () => super.blockquote(src));
  }

  override list(src: string): Tokens.List | undefined {
    return this.#nested(src, this.rules.block.list, () => super.list(src));
  }
}

/** `breaks`: a single newline is a line break, as chat users expect. */
const options = { gfm: true, breaks: true } as const;

/** marked's rules, with counting searches for closing marks. */
const rules = ((tokenizer) => {
  // Creating a lexer sets the rules of its tokenizer.
  const { inline, ...others } = new Lexer({ ...options, tokenizer }).options.tokenizer?.rules ?? tokenizer.rules;
  const { emStrongRDelimAst, emStrongRDelimUnd, delRDelim } = inline;
  return {
    ...others,
    inline: {
      ...inline,
      emStrongRDelimAst: new CountingRegExp(emStrongRDelimAst),
      emStrongRDelimUnd: new CountingRegExp(emStrongRDelimUnd),
      delRDelim: new CountingRegExp(delRDelim),
    },
  };
})(new Tokenizer());

/** Total length of the cached texts, in characters: a few screens full. */
const CACHE_CHARACTERS = 256 * 1024;
/** Tokens by message text, least recently used first. */
const cache = new Map<string, Token[]>();
let cachedCharacters = 0;

/**
 * The tokens of a message. They are rendered as React elements; no HTML string is ever created.
 *
 * Cached by text: a message is parsed again only when its text changes, not when its row is mounted again or it gets a
 * reaction.
 */
export function parse(content: string): Token[] {
  const tokens = cache.get(content) ?? lex(content).tokens;
  if (cache.delete(content)) cachedCharacters -= content.length;
  cache.set(content, tokens);
  cachedCharacters += content.length;
  for (const [oldest] of cache) {
    if (cachedCharacters <= CACHE_CHARACTERS) break;
    cache.delete(oldest);
    cachedCharacters -= oldest.length;
  }
  return tokens;
}

/** Parses without the cache; also returns the number of rendered elements and lexer steps. */
export function lex(content: string): { readonly tokens: Token[]; readonly size: number; readonly steps: number } {
  steps = 0;
  const text = limitCombiningMarks(content);
  const parsed = partsOf(text).flatMap(tokensOf);
  // Marks around nothing (`#`, `**\u200b**`, a link without text) would render an invisible message.
  const tokens = isVisible(parsed) ? parsed : plain(text);
  const size = sizeOf(tokens);
  return size > LIMITS.tokens ? { tokens: verbatim(text), size: 1, steps } : { tokens, size, steps };
}

function tokensOf(part: Part): Token[] {
  if (part.kind === 'text') return parseText(part.text) ?? verbatim(part.text);
  return [{ type: 'code', raw: part.text, text: part.text, lang: part.language }];
}

/** Null if the text exceeds a limit or the lexer fails. */
function parseText(text: string): Token[] | null {
  if (exceedsLimits(text)) return null;
  try {
    const tokenizer = new LimitedTokenizer();
    const lexer = new Lexer({ ...options, tokenizer });
    tokenizer.rules = rules;
    return lexer.lex(text);
  } catch {
    return null;
  }
}

interface Nested {
  readonly type?: string;
  readonly raw?: string;
  readonly text?: string;
  readonly tokens?: readonly Nested[];
  readonly items?: readonly Nested[];
}

/** Tokens that are visible even without text. */
const ALWAYS_VISIBLE = new Set(['hr', 'image', 'code', 'def', 'html']);

function isVisible(tokens: readonly Nested[]): boolean {
  return tokens.some((token) => {
    if (ALWAYS_VISIBLE.has(token.type ?? '')) return true;
    if (token.type === 'table') {
      const { header, rows } = token as Tokens.Table;
      return [header, ...rows].some((row) => isVisible(row));
    }
    const inner = token.items ?? token.tokens;
    return inner ? isVisible(inner) : !isBlank(token.text ?? token.raw ?? '');
  });
}

/** The approximate number of rendered elements. */
function sizeOf(tokens: readonly Nested[]): number {
  let sum = 0;
  for (const token of tokens) {
    sum += (token.type === 'code' ? LIMITS.codeBlock : 1) + sizeOf(token.tokens ?? []) + sizeOf(token.items ?? []);
    if (token.type !== 'table') continue;
    const { header, rows } = token as Tokens.Table;
    for (const row of [header, ...rows]) sum += sizeOf(row);
  }
  return sum;
}

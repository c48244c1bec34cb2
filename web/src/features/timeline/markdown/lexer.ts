import { Lexer, Tokenizer, type Token, type Tokens } from 'marked';
import { isBlank } from '../../../ui/names.ts';
import { exceedsLimits, LIMITS, type Part, partsOf } from './limits.ts';
import { verbatim, plain, limitCombiningMarks } from './parse.ts';

/** What a text costs beyond what it may. */
class Beyond extends Error {}

/** Steps of the text that is being read. */
let steps = 0;

function step(): void {
  steps += 1;
  if (steps > LIMITS.steps) throw new Beyond('steps');
}

/** Looks for the other end of a mark: past every mark on the way, and again for each that has none. */
class Search extends RegExp {
  override exec(text: string): RegExpExecArray | null {
    step();
    return super.exec(text);
  }
}

/** Counts what is done, and gives up in time. */
class Counting extends Tokenizer {
  #depth = 0;

  #deeper<T>(src: string, rule: RegExp, inner: () => T): T | undefined {
    if (!rule.test(src)) return undefined;
    this.#depth += 1;
    if (this.#depth > LIMITS.depth) throw new Beyond('depth');
    const made = inner();
    this.#depth -= 1;
    return made;
  }

  // What is tried first at each place of a text, and at each line.
  override escape(src: string): Tokens.Escape | undefined {
    step();
    return super.escape(src);
  }

  override space(src: string): Tokens.Space | undefined {
    step();
    return super.space(src);
  }

  override blockquote(src: string): Tokens.Blockquote | undefined {
    return this.#deeper(src, this.rules.block.blockquote, () => super.blockquote(src));
  }

  override list(src: string): Tokens.List | undefined {
    return this.#deeper(src, this.rules.block.list, () => super.list(src));
  }
}

/** A single newline is a line break: what people type in a chat is what they see. */
const options = { gfm: true, breaks: true } as const;

/** The lexer's own rules, with searches that count. */
const rules = ((tokenizer) => {
  // Whoever makes a lexer gives its tokenizer the rules.
  const { inline, ...others } = new Lexer({ ...options, tokenizer }).options.tokenizer?.rules ?? tokenizer.rules;
  const { emStrongRDelimAst, emStrongRDelimUnd, delRDelim } = inline;
  return {
    ...others,
    inline: {
      ...inline,
      emStrongRDelimAst: new Search(emStrongRDelimAst),
      emStrongRDelimUnd: new Search(emStrongRDelimUnd),
      delRDelim: new Search(delRDelim),
    },
  };
})(new Tokenizer());

/** Signs of all the texts whose tokens are kept: a few screens full. */
const KEPT = 256 * 1024;
const kept = new Map<string, Token[]>();
let keptSigns = 0;

/**
 * The tokens of a message. They are drawn as React elements; no HTML string is ever made of them.
 *
 * They are kept by the text itself: a row that scrolls out and in, and a message that is sent, reacted to or quoted, is not
 * read again, and an edited one is.
 */
export function parse(content: string): Token[] {
  const tokens = kept.get(content) ?? lex(content).tokens;
  if (kept.delete(content)) keptSigns -= content.length;
  kept.set(content, tokens);
  keptSigns += content.length;
  for (const [oldest] of kept) {
    if (keptSigns <= KEPT) break;
    kept.delete(oldest);
    keptSigns -= oldest.length;
  }
  return tokens;
}

/** The same with what it cost. */
export function lex(content: string): { readonly tokens: Token[]; readonly size: number; readonly steps: number } {
  steps = 0;
  const text = limitCombiningMarks(content);
  const read = partsOf(text).flatMap(tokensOf);
  // Marks around nothing (`#`, `**\u200b**`, a link without a text) would be a message that nobody can see.
  const tokens = isSeen(read) ? read : plain(text);
  const size = sizeOf(tokens);
  return size > LIMITS.tokens ? { tokens: verbatim(text), size: 1, steps } : { tokens, size, steps };
}

function tokensOf(part: Part): Token[] {
  if (part.kind === 'text') return read(part.text) ?? verbatim(part.text);
  return [{ type: 'code', raw: part.text, text: part.text, lang: part.language }];
}

/** Null where the text is beyond a limit, or the lexer fails. */
function read(text: string): Token[] | null {
  if (exceedsLimits(text)) return null;
  try {
    const tokenizer = new Counting();
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

/** What is drawn whatever stands in it. */
const DRAWN = new Set(['hr', 'image', 'code', 'def', 'html']);

function isSeen(tokens: readonly Nested[]): boolean {
  return tokens.some((token) => {
    if (DRAWN.has(token.type ?? '')) return true;
    if (token.type === 'table') {
      const { header, rows } = token as Tokens.Table;
      return [header, ...rows].some((row) => isSeen(row));
    }
    const inner = token.items ?? token.tokens;
    return inner ? isSeen(inner) : !isBlank(token.text ?? token.raw ?? '');
  });
}

/** How many elements are drawn of them, about. */
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

import type { Token } from 'marked';

/** More combining marks on one letter than any script uses. With 16,000, layout takes half a second. */
const EXCESS_MARKS = /(\p{M}{16})\p{M}+/gu;

/** Removes combining marks beyond 16 on one letter. */
export const limitCombiningMarks = (text: string): string => text.replace(EXCESS_MARKS, '$1');

/** Texts with more lines are rendered as one element. */
export const MAX_LINES = 500;

/** One token for a text shown as typed, however long it is. */
export const verbatim = (raw: string): Token[] => [{ type: 'verbatim', raw, text: raw }];

/** The tokens of a message without formatting: its paragraphs and lines. Used until the lexer is loaded. */
export function plain(content: string): Token[] {
  const text = limitCombiningMarks(content.trim());
  if (text.split('\n').length > MAX_LINES) return verbatim(text);
  return text
    .split(/\n{2,}/)
    .map((raw) => ({ type: 'paragraph', raw, text: raw, tokens: raw.split('\n').flatMap(line) }));
}

const line = (raw: string, index: number): Token[] => [
  ...(index > 0 ? [{ type: 'br', raw: '\n' }] : []),
  { type: 'text', raw, text: raw },
];

const ALLOWED = new Set(['http:', 'https:', 'mailto:']);

/**
 * The normalized address, or null if its scheme is not allowed: `javascript:`, `data:` and others never become links.
 */
export function safeUrl(href: string): string | null {
  try {
    // Without a base, relative addresses throw: they would lead to pages of this app.
    const url = new URL(href);
    return ALLOWED.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export interface TextPart {
  readonly text: string;
  /** The lower-case username if this part is a mention, else null. */
  readonly mention: string | null;
}

/** The longest possible username. */
const MAX_NAME_LENGTH = 150;
const MENTION = new RegExp(
  `(?<![\\p{L}\\p{N}_@./-])@([\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}._-]{0,${MAX_NAME_LENGTH - 1}})`,
  'gu',
);

/** Splits text at the @names that `isName` accepts in lower case. A full stop after a name is not part of it. */
export function splitMentions(text: string, isName: (username: string) => boolean): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(MENTION)) {
    const typed = match[1] ?? '';
    const name = longestName(typed.toLowerCase(), isName);
    if (name === null) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index), mention: null });
    from = match.index + 1 + name.length;
    parts.push({ text: text.slice(match.index, from), mention: name });
  }
  if (from < text.length) parts.push({ text: text.slice(from), mention: null });
  return parts;
}

function longestName(typed: string, isName: (username: string) => boolean): string | null {
  for (let end = typed.length; end > 0; end -= 1) {
    const name = typed.slice(0, end);
    if (isName(name)) return name;
    if (!/[._-]/.test(typed[end - 1] ?? '')) return null;
  }
  return null;
}

const ONLY_EMOJI = new RegExp('^(?:\\p{RGI_Emoji}\\s*){1,3}$', 'v');

/** Up to three emoji and nothing else, which are shown large. */
export function isOnlyEmoji(content: string): boolean {
  return content.length < 80 && ONLY_EMOJI.test(content.trim());
}

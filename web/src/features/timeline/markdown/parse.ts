import type { Token } from 'marked';

/** More marks on one letter than any script has. A letter with 16,000 takes the browser half a second to lay out. */
const PILE = /(\p{M}{16})\p{M}+/gu;

/** A text whose letters carry no more than letters do. */
export const limitCombiningMarks = (text: string): string => text.replace(PILE, '$1');

/** More lines than this are drawn as one element. */
export const LINES = 500;

/** A text as it was typed, in one element however long it is. */
export const verbatim = (raw: string): Token[] => [{ type: 'verbatim', raw, text: raw }];

/** The tokens of a message whose marks are not read yet: its lines, as they were typed. Without marks that is all there is. */
export function plain(content: string): Token[] {
  const text = limitCombiningMarks(content.trim());
  if (text.split('\n').length > LINES) return verbatim(text);
  return text
    .split(/\n{2,}/)
    .map((raw) => ({ type: 'paragraph', raw, text: raw, tokens: raw.split('\n').flatMap(line) }));
}

const line = (raw: string, index: number): Token[] => [
  ...(index > 0 ? [{ type: 'br', raw: '\n' }] : []),
  { type: 'text', raw, text: raw },
];

const ALLOWED = new Set(['http:', 'https:', 'mailto:']);

/** The address as a link may have it, or null: `javascript:`, `data:` and whatever comes next never become links. */
export function safeUrl(href: string): string | null {
  try {
    // A base that no message can mean: relative addresses would lead into our own pages, so they are none.
    const url = new URL(href);
    return ALLOWED.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export interface TextPart {
  readonly text: string;
  /** The username in small letters, where this part names somebody. */
  readonly mention: string | null;
}

/** No username is longer. */
const NAME_LENGTH = 150;
const MENTION = new RegExp(
  `(?<![\\p{L}\\p{N}_@./-])@([\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}._-]{0,${NAME_LENGTH - 1}})`,
  'gu',
);

/** Splits text at the @names that `isName` knows, in small letters. A full stop after a name ends the sentence, not the name. */
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

/** Up to three emoji and nothing else: drawn large. */
export function isOnlyEmoji(content: string): boolean {
  return content.length < 80 && ONLY_EMOJI.test(content.trim());
}

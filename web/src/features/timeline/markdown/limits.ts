import { MAX_LINES } from './parse.ts';

/**
 * Limits on the Markdown of one message.
 *
 * Some texts take more than linear time to parse, or produce more than linear output: 1,750 `>` are 1,750 nested
 * quotes, 2,000 columns over 2,000 lines are 4 million cells. One such message would freeze the room for everybody. The
 * limits are far above what people write; a text beyond one of them is shown as typed. Fenced code is split off first
 * and does not count. Most expensive texts exceed `steps` while they are parsed; those on which a single step could
 * hang are rejected before (`exceedsLimits`).
 */
export const LIMITS = {
  /** Nesting of quotes and lists. */
  depth: 12,
  /** Consecutive ASCII characters without a space: a possible address. */
  word: 2_048,
  /** The same if there is an `@` among them. */
  mail: 256,
  /** Consecutive spaces or opening parentheses. */
  run: 256,
  /** Lines of one text between code blocks. */
  lines: MAX_LINES,
  /** Columns of one table. */
  columns: 40,
  /** Cells of all tables of one text, including empty ones. */
  cells: 1_000,
  /** Rendered tokens of one message: bold words, links, list items, lines. */
  tokens: 2_000,
  /** How many tokens a code block counts as, with its frame and button. */
  codeBlock: 20,
  /** Lexer steps for one message. */
  steps: 6_000,
} as const;

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string; readonly language: string };

const FENCE = /^(`{3,})([^`\n]*)$|^(~{3,})([^\n]*)$/;

/**
 * Splits a message into fenced code and the texts around it. Indented fences belong to a list or quote and stay in the
 * text.
 */
export function partsOf(content: string): Part[] {
  const parts: Part[] = [];
  let lines: string[] = [];
  let open: { fence: string; language: string } | null = null;
  const close = () => {
    const text = lines.join('\n');
    if (open) parts.push({ kind: 'code', text, language: open.language });
    else if (text.trim() !== '') parts.push({ kind: 'text', text });
    lines = [];
  };
  for (const line of content.split(/\r\n|[\r\n]/)) {
    const match: RegExpExecArray | null = FENCE.exec(line);
    const fence = match?.[1] ?? match?.[3] ?? '';
    const language = (match?.[2] ?? match?.[4] ?? '').trim();
    if (open === null && match) {
      close();
      open = { fence, language };
    } else if (open && match && language === '' && fence.startsWith(open.fence)) {
      close();
      open = null;
    } else lines.push(line);
  }
  close();
  return parts;
}

const WORD = new RegExp(`[!-~]{${LIMITS.mail + 1},}`, 'g');
const RUN = new RegExp(`[ \\t\\u00a0]{${LIMITS.run + 1},}|\\({${LIMITS.run + 1},}`);
/** The delimiter row of a table. */
const RULER = /^[\s>|:-]*-[\s>|:-]*$/;

/** Whether the text exceeds a limit that must be checked before parsing. Takes linear time. */
export function exceedsLimits(text: string): boolean {
  if (text.split('\n').length > LIMITS.lines || RUN.test(text) || tableExceedsLimits(text)) return true;
  for (const word of text.match(WORD) ?? []) {
    if (word.length > LIMITS.word || word.includes('@')) return true;
  }
  return false;
}

/** The lexer creates a cell for every column of every line, even of lines without cells. */
function tableExceedsLimits(text: string): boolean {
  if (!text.includes('|')) return false;
  let columns = 0;
  let cells = 0;
  for (const line of text.split('\n')) {
    if (line.includes('|') && RULER.test(line)) columns = Math.max(columns, line.split('|').length);
    else if (line.trim() === '') columns = 0;
    cells += columns;
    if (columns > LIMITS.columns || cells > LIMITS.cells) return true;
  }
  return false;
}

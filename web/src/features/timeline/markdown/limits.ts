import { LINES } from './parse.ts';

/**
 * What of a message is read for marks, and where that ends.
 *
 * Reading marks takes more than linear time for some texts, and drawing them more than linear room: 1,750 `>` are 1,750
 * quotes in each other, 2,000 columns over 2,000 lines are 4 million cells. One such message would freeze the room for
 * everybody. The limits are far above what people write; a text beyond one of them is shown as it was typed. Fenced code is
 * taken out before, so that none of them counts it. Most texts that take long are stopped by `steps` while they are read;
 * what a single step could take too long for is looked for before (`exceedsLimits`).
 */
export const LIMITS = {
  /** Quotes and lists in each other. */
  depth: 12,
  /** Signs of ASCII in a row: what may be an address. */
  word: 2_048,
  /** The same where there is an `@` among them. */
  mail: 256,
  /** Spaces, or opening parentheses, in a row. */
  run: 256,
  /** Lines of one text between blocks of code. */
  lines: LINES,
  columns: 40,
  /** Of all tables of one text, empty ones among them. */
  cells: 1_000,
  /** What is drawn of one message: words in bold, links, items, lines. */
  tokens: 2_000,
  /** What a block of code counts there, with its frame and its button. */
  codeBlock: 20,
  /** Steps of the lexer over one message. */
  steps: 6_000,
} as const;

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string; readonly language: string };

const FENCE = /^(`{3,})([^`\n]*)$|^(~{3,})([^\n]*)$/;

/** Fenced code, and the texts around it. Fences that are indented belong to a list or a quote, and stay in the text. */
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
/** The line under a table's head. */
const RULER = /^[\s>|:-]*-[\s>|:-]*$/;

/** Whether the text is beyond a limit that must be known before it is read. Linear in its length. */
export function exceedsLimits(text: string): boolean {
  if (text.split('\n').length > LIMITS.lines || RUN.test(text) || tableExceedsLimits(text)) return true;
  for (const word of text.match(WORD) ?? []) {
    if (word.length > LIMITS.word || word.includes('@')) return true;
  }
  return false;
}

/** Cells are made for every column of every line, also where a line has none. */
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

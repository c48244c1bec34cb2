import { truncate, isBlank } from './names.ts';

/** The longest result: one line of the widest place that shows it. */
const MAX_LENGTH = 160;
/** Only this much of a message is processed, so that the cost is bounded. */
const MAX_PROCESSED = 640;

/** A message on one line, without Markdown marks. A message of only marks is shown as typed. */
export function plainText(content: string): string {
  const typed = truncate(content, MAX_PROCESSED);
  const text = oneLine(
    typed
      .replace(/```\w*\n?/g, '')
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/(?<!\w)[*_~`>#]{1,3}(?=\S)|(?<=\S)[*_~`]{1,3}(?!\w)/g, ''),
  );
  return isBlank(text) ? oneLine(typed) : text;
}

function oneLine(typed: string): string {
  const text = typed
    // Remove characters that would reorder the text around it or cover the line above.
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/(\p{M}{4})\p{M}+/gu, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  return truncate(text, MAX_LENGTH);
}

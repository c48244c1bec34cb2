import { truncate, isBlank } from './names.ts';

/** As much as fits one line of the widest place. */
const SHOWN = 160;
/** As much as is looked at for that: beyond it, a message costs nothing, whatever it is made of. */
const LOOKED_AT = 640;

/** A message's marks mean nothing on one grey line. Where it is nothing but marks, they are what it says. */
export function plainText(content: string): string {
  const typed = truncate(content, LOOKED_AT);
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
    // Nothing of one line may turn the words beside it, or cover the line above.
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/(\p{M}{4})\p{M}+/gu, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  return truncate(text, SHOWN);
}

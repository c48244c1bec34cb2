/** A message in a list of hits: the part around the first match, on one line. */
import type { Hit } from '@backchannel/client';
import { truncate } from '../../ui/names.ts';

export interface ExcerptPiece {
  readonly text: string;
  readonly isMatch: boolean;
}

/** UTF-16 units before the first match, and in all. */
const BEFORE = 60;
const LENGTH = 260;

/** The pieces of a text that matches at `ranges` (UTF-16 units, ascending). */
export function excerptOf(content: string, ranges: Hit['ranges'], length = LENGTH): ExcerptPiece[] {
  const first = ranges[0]?.[0] ?? 0;
  const start = first <= BEFORE ? 0 : wordStart(content, first - BEFORE, first);
  const shown = truncate(content.slice(start), length);
  const end = start + shown.length;
  const pieces: ExcerptPiece[] = [];
  let at = start;
  const add = (upTo: number, isMatch: boolean) => {
    const text = oneLine(content.slice(at, upTo));
    if (text !== '') pieces.push({ text, isMatch });
    at = Math.max(at, upTo);
  };
  if (start > 0) pieces.push({ text: '…', isMatch: false });
  for (const [from, to] of ranges) {
    if (from >= end) break;
    add(from, false);
    add(Math.min(to, end), true);
  }
  add(end, false);
  if (end < content.length) pieces.push({ text: '…', isMatch: false });
  return pieces;
}

/** The beginning of the first word from `at` on, before `limit`. */
function wordStart(content: string, at: number, limit: number): number {
  const space = content.slice(at, limit).search(/\s/);
  return space < 0 ? at + Number(isSecondHalf(content, at)) : at + space + 1;
}

/** Between the two units of one character. */
const isSecondHalf = (content: string, at: number): boolean => /[\udc00-\udfff]/.test(content[at] ?? '');

/** Without line breaks, and without what would reorder the text around it or cover the line above. */
function oneLine(text: string): string {
  return text
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/(\p{M}{4})\p{M}+/gu, '$1')
    .replace(/\s+/g, ' ');
}

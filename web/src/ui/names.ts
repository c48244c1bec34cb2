/**
 * Makes the names of people and rooms safe to display.
 *
 * Names appear within sentences: "Eve is typing". Direction controls would reorder the rest of the sentence, invisible
 * characters make two names look alike, and forty accents on one letter cover the line above; all are removed.
 * Right-to-left names are isolated from the sentence: in elements by `<Name>` (`<bdi>`), in plain strings (titles,
 * labels, notifications) by
 * `isolated`. Every displayed name goes through this module; `tests/ui/names.test.tsx` finds those that do not.
 */
import type { User } from '@backchannel/client';

type Named = Pick<User, 'username' | 'display_name'>;

/** Characters that change the text direction: marks, embeddings, overrides, isolates. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
export const changesDirection = (text: string): boolean => text.search(DIRECTION) >= 0;
/** Characters without width. Not the joiners U+200C and U+200D, which emoji, Persian and Indic scripts need. */
const INVISIBLE = /\u034f|[\u00ad\u180e\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb]/g;
const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;
/** More combining marks on one letter than a name needs. */
const MARKS = /(\p{M}{4})\p{M}+/gu;
/** Texts of only blank characters: Hangul fillers, the Braille blank, joiners on their own. */
const BLANK = /^[\s\u115f\u1160\u2800\u3164\uffa0\u200c\u200d\p{M}]*$/u;
/** A visible character. */
const VISIBLE = /[^\s\p{Cc}\p{DI}\p{NChar}\u2800\ufff9-\ufffb]/u;
/** Whether the text has no visible character. */
export const isBlank = (text: string): boolean => !VISIBLE.test(text);

/** Longer names are cut off, although the server does not allow them. */
const MAX_LENGTH = 300;

/** The displayable form of a name; empty if it has no visible character. */
export function cleanName(name: string): string {
  const clean = truncate(name, MAX_LENGTH)
    .replace(CONTROLS, ' ')
    .replace(DIRECTION, '')
    .replace(INVISIBLE, '')
    .replace(MARKS, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  return BLANK.test(clean) ? '' : clean;
}

/** Hebrew, Arabic, Syriac, Thaana, N'Ko and all other right-to-left scripts. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** For plain strings: the clean name, between isolates (U+2068, U+2069) if it is written from right to left. */
export function isolated(name: string): string {
  const clean = cleanName(name);
  return RIGHT_TO_LEFT.test(clean) ? `\u2068${clean}\u2069` : clean;
}

/** A person's display name, else their username. Use `<Name>` in elements, `nameInText` in sentences. */
export function nameOf(user: Named): string {
  return cleanName(user.display_name) || cleanName(user.username) || 'Someone';
}

/** A person's name for plain strings and sentences. */
export const nameInText = (user: Named): string => isolated(nameOf(user));

/** The first name, for short sentences such as "Ann is typing". */
export const firstNameInText = (user: Named): string => isolated(nameOf(user).split(' ')[0] ?? '');

/** `@ann`. */
export const handleOf = (user: Named): string => `@${cleanName(user.username)}`;

/** The first `length` UTF-16 units of a text, without splitting a surrogate pair. */
export function truncate(text: string, length: number): string {
  if (text.length <= length) return text;
  const half = /[\ud800-\udbff]/.test(text[length - 1] ?? '');
  return text.slice(0, half ? length - 1 : length);
}

/** Adds a full stop, unless the sentence already ends with a mark, as in "…called Wow!". */
export const endSentence = (sentence: string): string =>
  /[.!?…。！？]\u2069?$/u.test(sentence) ? sentence : `${sentence}.`;

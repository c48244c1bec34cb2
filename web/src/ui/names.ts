/**
 * Names that people give themselves and their rooms, as they may be shown.
 *
 * A name stands in sentences of ours: "Eve is typing". Characters that turn the direction of writing would turn the rest of
 * the sentence as well, invisible ones make two names look alike, and forty accents on one letter cover the line above. They
 * are taken out. What is really written from right to left is set apart from its sentence: in elements by `<Name>`
 * (`<bdi>`), in plain strings (titles, labels, notifications) by `isolated`. Everything that shows a name goes through here;
 * `tests/ui/names.test.tsx` looks for what does not.
 */
import type { User } from '@backchannel/client';

type Named = Pick<User, 'username' | 'display_name'>;

/** Turn the direction of what follows: marks, embeddings, overrides, isolates. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
export const changesDirection = (text: string): boolean => text.search(DIRECTION) >= 0;
/** Take no room. The joiners U+200C and U+200D stay: emoji, Persian and the scripts of India need them. */
const INVISIBLE = /\u034f|[\u00ad\u180e\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb]/g;
const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;
/** More marks on one letter than any script needs. */
const MARKS = /(\p{M}{4})\p{M}+/gu;
/** Look like nothing: the fillers of Hangul, the blank of Braille, joiners on their own. */
const BLANK = /^[\s\u115f\u1160\u2800\u3164\uffa0\u200c\u200d\p{M}]*$/u;
/** Something else than white space, controls and characters that show nothing. */
const SEEN = /[^\s\p{Cc}\p{DI}\p{NChar}\u2800\ufff9-\ufffb]/u;
/** Nothing in it can be seen. */
export const isBlank = (text: string): boolean => !SEEN.test(text);

/** No name is longer by the server's rules; one that is must not cost more. */
const AT_MOST = 300;

/** What is shown of a name; empty where nothing of it can be seen. */
export function cleanName(name: string): string {
  const clean = truncate(name, AT_MOST)
    .replace(CONTROLS, ' ')
    .replace(DIRECTION, '')
    .replace(INVISIBLE, '')
    .replace(MARKS, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  return BLANK.test(clean) ? '' : clean;
}

/** Hebrew, Arabic, Syriac, Thaana, N'Ko and all the other scripts from right to left. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** For plain strings: a name that is written from right to left stands between isolates (U+2068, U+2069). */
export function isolated(name: string): string {
  const clean = cleanName(name);
  return RIGHT_TO_LEFT.test(clean) ? `\u2068${clean}\u2069` : clean;
}

/** What somebody is called. For elements there is `<Name>`, for sentences `nameInText`. */
export function nameOf(user: Named): string {
  return cleanName(user.display_name) || cleanName(user.username) || 'Someone';
}

export const nameInText = (user: Named): string => isolated(nameOf(user));

/** For short sentences: "Ann is typing". */
export const firstNameInText = (user: Named): string => isolated(nameOf(user).split(' ')[0] ?? '');

/** `@ann`. */
export const handleOf = (user: Named): string => `@${cleanName(user.username)}`;

/** The first `length` units of a text; no character is cut in two. */
export function truncate(text: string, length: number): string {
  if (text.length <= length) return text;
  const half = /[\ud800-\udbff]/.test(text[length - 1] ?? '');
  return text.slice(0, half ? length - 1 : length);
}

/** "…called Wow!" needs no full stop. */
export const endSentence = (sentence: string): string =>
  /[.!?…。！？]\u2069?$/u.test(sentence) ? sentence : `${sentence}.`;

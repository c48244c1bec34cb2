/**
 * How a character is folded for a search, and what kind of character it is. As `server/backchannel/search/letters.py`.
 */

/** Default_Ignorable_Code_Point, and adjacent invisible characters. */
const IGNORED = /^[\p{DI}\ufff0-\ufffb\u{13430}-\u{1343f}\u{1d159}]$/u;
/** Marks, Hangul vowels and final consonants, and the voicing marks of halfwidth Katakana compose with what stands before. */
const JOINING = /^[\p{M}\u1160-\u11ff\uff9e\uff9f]$/u;
const MARK = /^\p{M}$/u;
const NONSPACING = /^\p{Mn}$/u;
const LETTER = /^[\p{L}\p{N}]$/u;
const CJK = /^[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}]$/u;
/** Latin, Greek, Cyrillic, Hebrew and Arabic, by block: their marks are often left out in writing. */
const STRIPPED =
  /^[A-\u024f\u0370-\u052f\u0590-\u077f\u08a0-\u08ff\u1c80-\u1c8f\u1e00-\u1fff\u2c60-\u2c7f\ua640-\ua69f\ua720-\ua7ff\uab30-\uab6f]$/u;

/** What full case folding makes of letters that `toLowerCase` leaves as they are. */
const FOLDED: Readonly<Record<string, string>> = {
  ß: 'ss',
  ς: 'σ',
  ᲀ: 'в',
  ᲁ: 'д',
  ᲂ: 'о',
  ᲃ: 'с',
  ᲄ: 'т',
  ᲅ: 'т',
  ᲆ: 'ъ',
  ᲇ: 'ѣ',
  ᲈ: 'ꙋ',
};
const UNFOLDED = new RegExp(`[${Object.keys(FOLDED).join('')}]`, 'g');

export type Kind = 'word' | 'cjk' | 'mark' | 'at' | 'none';

const isIgnored = (character: string): boolean => IGNORED.test(character);

/** Whether it is folded together with the character before it. */
export const joins = (character: string): boolean => JOINING.test(character) || isIgnored(character);

/** A character with what joins it: NFKC, case folding, without marks in the scripts that are often written without, NFC. */
export function folded(cluster: string): string {
  // The Greek iota subscript is a letter once it is folded.
  const text = foldCase(cluster.normalize('NFKC').normalize('NFD').replaceAll('\u0345', 'ι')).normalize('NFKC');
  let kept = '';
  let isStripped = false;
  for (const each of text.normalize('NFD')) {
    if (isIgnored(each)) continue;
    if (!NONSPACING.test(each)) isStripped = STRIPPED.test(each);
    else if (isStripped) continue;
    kept += each;
  }
  return kept.normalize('NFC');
}

/** Cherokee folds to its capitals. */
const foldCase = (text: string): string =>
  text
    .toLowerCase()
    .replace(UNFOLDED, (letter) => FOLDED[letter] as string)
    .replace(/[\u13f8-\u13fd\uab70-\uabbf]/g, (letter) => letter.toUpperCase());

/** Of a folded character. */
export function kindOf(character: string): Kind {
  if (character === '@') return 'at';
  if (MARK.test(character)) return 'mark';
  if (!LETTER.test(character)) return 'none';
  return CJK.test(character) ? 'cjk' : 'word';
}

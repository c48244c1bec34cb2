/**
 * Finds links whose text suggests another destination than their address.
 *
 * `[https://bank.example](https://evil.example)` shows one address and opens another. So does a name before an `@`
 * (`https://bank.example@evil.example`), letters of another script that look like Latin ones, and characters that
 * change the text direction. In all these cases the host is shown after the text. Text that contains no address is left
 * alone; the link's title always has the real address.
 */

import { changesDirection } from '../../../ui/names.ts';

/** Longer texts are not scanned; they count as suspicious. */
const MAX_SCANNED = 300;
const HIDDEN = /[\p{Cf}\p{Cc}]/gu;
const BETWEEN = /[\s<>()[\]{}"'“”‘’«»„,;|]+/u;
const EDGES = /^[^\p{L}\p{N}]+|[.:!?…*_~`]+$/gu;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
/** Matches `bank.example`, `www.bank.example:8080/login`, `ann@bank.example`. */
const DOMAIN = /^(?:[^\s/@]+@)?(?:[\p{L}\p{N}\p{M}_-]+\.)+[\p{L}\p{M}][\p{L}\p{N}\p{M}-]+\.?(?::\d+)?(?:[/?#].*)?$/u;

/** Finds hosts within other characters: `https:bank.example`, `bank.example🔒`, `bank.example→login`, `10.0.0.1`. */
const INSIDE =
  /(?:[\p{L}\p{N}\p{M}_-]+\.)+[\p{L}\p{M}][\p{L}\p{N}\p{M}-]+|(?<![\p{L}\p{N}.])(?:\d{1,3}(?:\.\d{1,3}){3}|localhost)(?![\p{L}\p{N}.])/giu;

/** The host to show after a link's text; null if the text does not suggest another one. */
export function hostToShow(text: string, href: string): string | null {
  const url = new URL(href);
  const mail = url.protocol === 'mailto:';
  const target = mail ? decoded(url.pathname) : url.host;
  if (url.username !== '' || url.password !== '' || changesDirection(text) || text.length > MAX_SCANNED) return target;
  const words = text
    .normalize('NFKC')
    .replace(HIDDEN, '')
    .replace(/[。｡]/g, '.')
    .split(BETWEEN)
    .map((word) => word.replace(EDGES, ''));
  const isWhole = (word: string) => word.includes('://') || DOMAIN.test(word);
  const whole = words.filter(isWhole);
  const inside = words.filter((word) => !isWhole(word)).flatMap((word) => word.match(INSIDE) ?? []);
  // A host with non-ASCII letters may look like another one: show its encoded form.
  if (whole.length + inside.length > 0 && target.includes('xn--')) return target;
  const isSame = (word: string) =>
    mail ? word.replace(/^mailto:/i, '') === target : bare(hostOf(word)) === bare(target);
  const isHost = (host: string) => (mail ? target.endsWith(`@${host}`) : bare(hostOf(host)) === bare(url.hostname));
  return whole.every(isSame) && inside.every(isHost) ? null : target;
}

const bare = (host: string): string => host.replace(/^www\./, '').replace(/\.$/, '');

function hostOf(word: string): string {
  // A mail address is not a web address of its host.
  if (!SCHEME.test(word) && /^[^/?#]*@/.test(word)) return word;
  try {
    return new URL(word.includes('://') ? word : `http://${word}`).host;
  } catch {
    return word;
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path).replace(HIDDEN, '');
  } catch {
    return path;
  }
}

/**
 * Where a link leads, where its text says something else.
 *
 * `[https://bank.example](https://evil.example)` shows one address and opens another. So does a name before an `@`
 * (`https://bank.example@evil.example`), letters of another script that look like Latin ones, and characters that turn the
 * direction of writing. In all these cases the host is shown behind the text. A text that is no address stays as it is; the
 * true address is in the link's title.
 */

import { changesDirection } from '../../../ui/names.ts';

/** Longer texts are not searched for addresses: they count as showing one. */
const LOOKED_AT = 300;
const HIDDEN = /[\p{Cf}\p{Cc}]/gu;
const BETWEEN = /[\s<>()[\]{}"'“”‘’«»„,;|]+/u;
const EDGES = /^[^\p{L}\p{N}]+|[.:!?…*_~`]+$/gu;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
/** `bank.example`, `www.bank.example:8080/login`, `ann@bank.example`. */
const DOMAIN = /^(?:[^\s/@]+@)?(?:[\p{L}\p{N}\p{M}_-]+\.)+[\p{L}\p{M}][\p{L}\p{N}\p{M}-]+\.?(?::\d+)?(?:[/?#].*)?$/u;

/** An address with other signs around it: `https:bank.example`, `bank.example🔒`, `bank.example→login`, `10.0.0.1`. */
const INSIDE =
  /(?:[\p{L}\p{N}\p{M}_-]+\.)+[\p{L}\p{M}][\p{L}\p{N}\p{M}-]+|(?<![\p{L}\p{N}.])(?:\d{1,3}(?:\.\d{1,3}){3}|localhost)(?![\p{L}\p{N}.])/giu;

/** The host to show behind a link's text, or null where the text does not say another one. */
export function hostToShow(text: string, href: string): string | null {
  const url = new URL(href);
  const mail = url.protocol === 'mailto:';
  const target = mail ? decoded(url.pathname) : url.host;
  if (url.username !== '' || url.password !== '' || changesDirection(text) || text.length > LOOKED_AT) return target;
  const words = text
    .normalize('NFKC')
    .replace(HIDDEN, '')
    .replace(/[。｡]/g, '.')
    .split(BETWEEN)
    .map((word) => word.replace(EDGES, ''));
  const isWhole = (word: string) => word.includes('://') || DOMAIN.test(word);
  const whole = words.filter(isWhole);
  const inside = words.filter((word) => !isWhole(word)).flatMap((word) => word.match(INSIDE) ?? []);
  // An address in other letters than ASCII may look like another one: whoever reads it is shown how it is really spelt.
  if (whole.length + inside.length > 0 && target.includes('xn--')) return target;
  const isSame = (word: string) =>
    mail ? word.replace(/^mailto:/i, '') === target : bare(hostOf(word)) === bare(target);
  const isHost = (host: string) => (mail ? target.endsWith(`@${host}`) : bare(hostOf(host)) === bare(url.hostname));
  return whole.every(isSame) && inside.every(isHost) ? null : target;
}

const bare = (host: string): string => host.replace(/^www\./, '').replace(/\.$/, '');

function hostOf(word: string): string {
  // A mail address is no web address of the same host.
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

/**
 * JSON that every server can parse. Text fields may contain lone surrogates (a cut emoji, a broken paste), which have no
 * UTF-8. `JSON.stringify` writes them as `\ud800`, which strict parsers refuse: the server would answer "not valid JSON" and
 * close the socket at the third. Each becomes U+FFFD, as in every text that a browser encodes.
 */
/** `String.prototype.toWellFormed`, also where a browser or Node does not have it yet: with `u`, only lone ones match. */
export const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, '\ufffd');

export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'string' ? wellFormed(each) : each));

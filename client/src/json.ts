/**
 * JSON that every server reads: text fields hold many half characters (a cut emoji, a broken paste), and a lone surrogate has
 * no UTF-8. `JSON.stringify` writes it as `\ud800`, which strict parsers refuse: the frame would be "not valid JSON", and the
 * third of its kind closes the socket. Each becomes U+FFFD, as browsers do wherever they encode text themselves.
 */
/** `String.prototype.toWellFormed`, also where a browser or Node does not have it yet: with `u`, only lone ones match. */
export const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, '\ufffd');

export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'string' ? wellFormed(each) : each));

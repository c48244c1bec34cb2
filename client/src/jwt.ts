/**
 * @backchannel/client/jwt: the token by which a site signs its people in, for pages of another origin.
 *
 * Requests carry it in a header. It is kept until the server refuses it: then the page's function is called again, and the request is
 * repeated if it returns another token. The WebSocket is opened by a ticket, so that no URL holds the token.
 */
import { bearer } from './auth.ts';
import type { Credentials, FetchLike } from './types.ts';

/**
 * Options of a chat: `createChat({ client, ...jwt(() => token) })`.
 * @param token the page's current token; may fetch a new one. Called at first, and at each 401.
 */
export function jwt(
  token: () => string | Promise<string>,
  fetch: FetchLike = (url, init) => globalThis.fetch(url, init),
): { credentials: Credentials; fetch: FetchLike } {
  let held: string | undefined;
  let asked: Promise<string> | undefined;
  /** The call under way: all requests that need a token share it. */
  const ask = (): Promise<string> => {
    asked ??= (async () => token())().finally(() => {
      asked = undefined;
    });
    return asked;
  };
  const credentials = bearer(async () => (held ??= await ask()));
  return {
    credentials,
    async fetch(url, init) {
      const shown = held;
      const response = await fetch(url, init);
      if (response.status !== 401) return response;
      // Another request may have got a new one meanwhile.
      if (held === shown) held = await ask();
      return held === shown
        ? response
        : fetch(url, { ...init, headers: { ...init?.headers, ...(await credentials.headers()) } });
    },
  };
}

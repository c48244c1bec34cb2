/**
 * @backchannel/client/auth: credentials other than the session cookie.
 *
 * Programs have a token. Where a socket cannot send it in a header (browsers), and for pages of another
 * origin, a one-time ticket is sent in the URL instead; a token must not be, because URLs are logged.
 */
import type { TicketResponse } from './protocol.ts';
import { refusal } from './transports/http.ts';
import type { Auth, Credentials, WebSocketConstructor, WebSocketLike } from './types.ts';

const withTicket = (WebSocket: WebSocketConstructor, url: string, ticket: string): WebSocketLike =>
  new WebSocket(`${url}?token=${encodeURIComponent(ticket)}`);

/**
 * A token for programs.
 * @param inHeader true where `WebSocket` takes `{ headers }` as third argument (the `ws` package under Node).
 */
export function bearer(token: string | (() => string | Promise<string>), inHeader = false): Credentials {
  const headers = async (): Promise<Record<string, string>> => ({
    Authorization: `Bearer ${typeof token === 'string' ? token : await token()}`,
  });
  return {
    headers,
    async openSocket(WebSocket, url, { baseUrl, fetch }) {
      if (inHeader) return new WebSocket(url, [], { headers: await headers() });
      const response = await fetch(`${baseUrl}/api/auth/ticket`, { method: 'POST', headers: await headers() });
      if (!response.ok) throw refusal(response, await response.text());
      return withTicket(WebSocket, url, ((await response.json()) as TicketResponse).ticket);
    },
  };
}

/** Tickets by the page's own means. `headers` signs REST calls. */
export const tickets = (ticket: () => Promise<string>, headers: Credentials['headers'] = () => ({})): Credentials => ({
  headers,
  openSocket: async (WebSocket, url) => withTicket(WebSocket, url, await ticket()),
});

/** What the full client's option `auth` means; a cookie needs nothing. */
export function credentialsOf(auth: Auth | undefined, inHeader: boolean): Credentials | undefined {
  if (auth?.kind === 'bearer') return bearer(auth.token, inHeader);
  return auth?.kind === 'ticket' ? tickets(auth.ticket, auth.headers) : undefined;
}

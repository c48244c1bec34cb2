import { describe, expect, it } from 'vitest';
import { createHttp } from '../src/transports/http.ts';
import { resolveEnvironment } from '../src/environment.ts';
import { jwt } from '../src/jwt.ts';
import { COMMANDS } from '../src/protocol.ts';
import type { FetchLike, WebSocketConstructor } from '../src/types.ts';

/** A server that lets in `good` alone, and counts what it was shown. */
class Server {
  readonly shown: string[] = [];
  readonly urls: string[] = [];
  good = 'first';

  readonly fetch: FetchLike = (url, init) => {
    const token = new Headers(init?.headers).get('Authorization')?.replace('Bearer ', '') ?? '';
    this.shown.push(token);
    this.urls.push(url);
    const body = url.endsWith('/api/auth/ticket') ? '{"ticket":"once"}' : '{}';
    return Promise.resolve(new Response(body, { status: token === this.good ? 200 : 401 }));
  };
}

function page(tokens: readonly string[]) {
  const server = new Server();
  let asked = 0;
  const token = (): Promise<string> => Promise.resolve(tokens[Math.min(asked++, tokens.length - 1)] as string);
  const opened: string[] = [];
  function WebSocket(url: string) {
    opened.push(url);
  }
  const env = resolveEnvironment({
    client: { name: 'test', version: '1' },
    baseUrl: 'https://shop.test/chat',
    WebSocket: WebSocket as unknown as WebSocketConstructor,
    ...jwt(token, server.fetch),
  });
  const refused: string[] = [];
  const http = createHttp(env, { answered() {}, refused: (reason) => refused.push(reason) }, COMMANDS);
  const call = () => http.request('typing', { room_id: 1, active: true });
  return { server, env, call, refused, opened, asked: () => asked };
}

describe('jwt', () => {
  it('asks for the token once, while the server takes it', async () => {
    const p = page(['first']);
    await p.call();
    await p.call();
    expect(p.server.shown).toEqual(['first', 'first']);
    expect(p.asked()).toBe(1);
    expect(p.env.credentials).toBe('omit');
  });

  it('asks again at a 401 and repeats the request with what it got', async () => {
    const p = page(['first', 'second']);
    await p.call();
    p.server.good = 'second';
    await p.call();
    await p.call();
    expect(p.server.shown).toEqual(['first', 'first', 'second', 'second']);
    expect(p.refused).toEqual([]);
  });

  it('reports signed out where the page has no other, and asks again at the next request', async () => {
    const p = page(['old', 'old', 'first']);
    await expect(p.call()).rejects.toMatchObject({ status: 401 });
    expect(p.refused).toEqual(['signed_out']);
    expect(p.server.shown).toEqual(['old']);
    await p.call();
    expect(p.server.shown).toEqual(['old', 'old', 'first']);
  });

  it('asks once for requests that are refused together', async () => {
    const p = page(['old', 'first']);
    await Promise.all([p.call(), p.call(), p.call()]);
    expect(p.asked()).toBe(2);
    expect(p.server.shown.filter((token) => token === 'first')).toHaveLength(3);
  });

  it('opens the socket by a ticket, also after a 401; no URL holds the token', async () => {
    const p = page(['old', 'first']);
    await p.env.openSocket();
    expect(p.opened).toEqual(['wss://shop.test/chat/ws?token=once']);
    expect(p.server.urls.join()).not.toContain('first');
  });

  it('a page that cannot get a token fails the request, and is asked again', async () => {
    const server = new Server();
    let fails = true;
    const { credentials } = jwt(() => {
      if (fails) throw new Error('not signed in');
      return 'first';
    }, server.fetch);
    await expect(credentials.headers()).rejects.toThrow('not signed in');
    fails = false;
    expect(await credentials.headers()).toEqual({ Authorization: 'Bearer first' });
  });
});

import { describe, expect, it } from 'vitest';
import { credentialsOf } from '../../src/auth.ts';
import { type Environment, resolveEnvironment } from '../../src/environment.ts';
import { FakeClock, MemoryNetwork, MemoryServer, flushTasks } from '../../src/testing/index.ts';
import { type TransportUnderTest, transportSuite } from '../../src/testing/transportSuite.ts';
import { COMMANDS } from '../../src/protocol.ts';
import { createHttp } from '../../src/transports/http.ts';
import { type Link, openLink } from '../../src/transports/websocket.ts';
import type { ChatOptions } from '../../src/types.ts';

const CLIENT = { name: 'test', version: '1' };

/** As the full client resolves it. */
function environment({ auth, webSocketAcceptsHeaders, ...options }: ChatOptions): Environment {
  const credentials = credentialsOf(auth, webSocketAcceptsHeaders === true);
  return resolveEnvironment({ ...options, ...(credentials && { credentials }) });
}

function net(more: Partial<ChatOptions> = {}) {
  const clock = new FakeClock();
  const server = new MemoryServer(clock, ['ann', 'bob']);
  const room = server.createRoom([1, 2]);
  const foreign = server.createRoom([2]);
  const network = new MemoryNetwork(server, 1);
  const options = {
    client: CLIENT,
    baseUrl: 'http://memory',
    fetch: network.fetch,
    WebSocket: network.WebSocket,
    clock,
  };
  const env = environment({ ...options, ...more });
  const calls: unknown[] = [];
  const http = createHttp(env, { answered: (ok) => calls.push(ok), refused: (reason) => calls.push(reason) }, COMMANDS);
  return { clock, server, network, env, http, calls, room, foreign };
}

const underTest = (n: ReturnType<typeof net>, transport: TransportUnderTest['transport']): TransportUnderTest => ({
  transport,
  roomId: n.room.id,
  foreignRoomId: n.foreign.id,
  async run(work) {
    await n.clock.advance(1_000);
    return work;
  },
  close: () => Promise.resolve(),
});

async function linked(n: ReturnType<typeof net>): Promise<Link> {
  const link = openLink(n.env, { opened: () => link.send({ type: 'hello', protocol: 1 }), frames() {}, closed() {} });
  await n.clock.advance(100);
  return link;
}

transportSuite('http over memory', () => {
  const n = net();
  return Promise.resolve(underTest(n, n.http));
});

transportSuite('websocket over memory', async () => {
  const n = net();
  return underTest(n, await linked(n));
});

describe('the HTTP transport', () => {
  const ask = async (n: ReturnType<typeof net>): Promise<unknown> => {
    const asked = n.http.request('get_me', {}).catch((error: unknown) => error);
    await n.clock.advance(60_000);
    return asked;
  };

  it('reports after each request whether HTTP works and the session is valid', async () => {
    const n = net();
    await ask(n);
    n.network.http = 'down';
    expect(await ask(n)).toMatchObject({ code: 'network', status: null, final: false });
    n.network.http = 503;
    expect(await ask(n)).toMatchObject({ status: 503 });
    n.network.http = 401;
    await ask(n);
    n.network.http = 426;
    await ask(n);
    expect(n.calls).toEqual([true, false, false, true, 'signed_out', true, 'update_required']);
  });

  it('treats a forbidden poll as a forbidden person', async () => {
    const n = net();
    n.network.http = 403;
    const asked = n.http.sync(undefined, 0, new AbortController().signal).catch((error: unknown) => error);
    await n.clock.advance(100);
    expect(await asked).toMatchObject({ status: 403 });
    expect(n.calls).toEqual([true, 'forbidden']);
  });

  it('rejects a request without an answer', async () => {
    const hang = (_: string, init?: RequestInit): Promise<Response> =>
      new Promise((_resolve, reject) =>
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error)),
      );
    const n = net({ fetch: hang });
    expect(await ask(n)).toMatchObject({ code: 'network' });
  });

  it('reads Retry-After, problems, and pages of proxies', async () => {
    const answers = [
      new Response('{"code":"overloaded","status":503,"detail":"busy","retry_after":2.5}', { status: 503 }),
      new Response('<html>Bad gateway</html>', { status: 502, headers: { 'Retry-After': '7' } }),
      new Response('<html>Welcome to the hotel Wi-Fi</html>', { status: 200 }),
    ];
    const n = net({ fetch: () => Promise.resolve(answers.shift() as Response) });
    expect(await ask(n)).toMatchObject({ code: 'overloaded', detail: 'busy', retryAfter: 2.5 });
    expect(await ask(n)).toMatchObject({ code: 'http_502', status: 502, retryAfter: 7 });
    expect(await ask(n)).toMatchObject({ code: 'network' });
  });

  it('sends cookies to its own origin only, and no body with a GET', async () => {
    const seen: RequestInit[] = [];
    const fetch = (_: string, init?: RequestInit): Promise<Response> => {
      seen.push(init ?? {});
      return Promise.resolve(new Response('{}'));
    };
    await net({ fetch }).http.request('get_me', {});
    await net({ fetch, auth: { kind: 'bearer', token: () => 'secret' } }).http.request('typing', {
      room_id: 1,
      active: true,
    });
    expect(seen[0]).toMatchObject({ method: 'GET', credentials: 'same-origin', cache: 'no-store', headers: {} });
    expect(seen[0]).not.toHaveProperty('body');
    expect(seen[1]).toMatchObject({
      method: 'POST',
      credentials: 'omit',
      body: '{"active":true}',
      headers: { Authorization: 'Bearer secret', 'Content-Type': 'application/json' },
    });
  });
});

describe('the WebSocket transport', () => {
  it('rejects open and later requests when the socket ends', async () => {
    const n = net();
    const link = await linked(n);
    n.network.sockets = 'mute';
    const lost = link.request('get_me', {}).catch((error: unknown) => error);
    n.network.closeAll(1006);
    await n.clock.advance(100);
    expect(await lost).toMatchObject({ code: 'connection_lost', status: null });
    await expect(link.request('get_me', {})).rejects.toMatchObject({ code: 'connection_lost' });
  });

  it('blames the largest frame for 1009', async () => {
    const n = net();
    const link = await linked(n);
    n.network.sockets = 'mute';
    const send = (content: string) =>
      link.request('send_message', { id: content.slice(0, 8), room_id: 1, content }).catch((error: unknown) => error);
    const [small, large] = [send('small'), send('x'.repeat(70_000))];
    n.network.closeAll(1009);
    await n.clock.advance(100);
    expect(await small).toMatchObject({ code: 'connection_lost' });
    expect(await large).toMatchObject({ code: 'too_large', status: 413, final: true });
  });

  it('calls nothing once it is dropped, also while opening', async () => {
    const n = net();
    const called: string[] = [];
    const link = openLink(n.env, {
      opened: () => called.push('opened'),
      frames: () => called.push('frames'),
      closed: () => called.push('closed'),
    });
    link.drop();
    await n.clock.advance(100);
    expect(called).toEqual([]);
    expect(n.network.open.size).toBe(0);
  });
});

describe('authentication', () => {
  const socketsOf = (): { made: unknown[][]; WebSocket: never } => {
    const made: unknown[][] = [];
    function WebSocket(...args: unknown[]): void {
      made.push(args);
    }
    return { made, WebSocket: WebSocket as never };
  };
  const env = (more: Partial<ChatOptions>): Environment =>
    environment({ client: CLIENT, baseUrl: 'https://chat.test/x', ...more });

  it('uses the cookie', async () => {
    const { made, WebSocket } = socketsOf();
    await env({ WebSocket }).openSocket();
    expect(made).toEqual([['wss://chat.test/x/ws']]);
  });

  it('uses a header where the WebSocket takes one', async () => {
    const { made, WebSocket } = socketsOf();
    await env({ WebSocket, webSocketAcceptsHeaders: true, auth: { kind: 'bearer', token: 't' } }).openSocket();
    expect(made).toEqual([['wss://chat.test/x/ws', [], { headers: { Authorization: 'Bearer t' } }]]);
  });

  it('uses a one-time ticket elsewhere; a token is never in a URL', async () => {
    const { made, WebSocket } = socketsOf();
    const asked: [string, RequestInit | undefined][] = [];
    const fetch = (url: string, init?: RequestInit): Promise<Response> => {
      asked.push([url, init]);
      return Promise.resolve(new Response('{"ticket":"one/time"}', { status: 201 }));
    };
    await env({ WebSocket, fetch, auth: { kind: 'bearer', token: 'secret' } }).openSocket();
    expect(asked).toEqual([
      ['https://chat.test/x/api/auth/ticket', { method: 'POST', headers: { Authorization: 'Bearer secret' } }],
    ]);
    const own = { kind: 'ticket' as const, ticket: () => Promise.resolve('mine'), headers: () => ({ 'X-Site': '1' }) };
    const cross = env({ WebSocket, auth: own });
    await cross.openSocket();
    expect(made).toEqual([['wss://chat.test/x/ws?token=one%2Ftime'], ['wss://chat.test/x/ws?token=mine']]);
    expect(await cross.headers()).toEqual({ 'X-Site': '1' });
  });

  it('a host without a WebSocket, or without a ticket, is a failed attempt', async () => {
    const closed: number[] = [];
    const listener = { opened() {}, frames() {}, closed: (code: number) => closed.push(code) };
    const refused = (): Promise<Response> => Promise.resolve(new Response('', { status: 403 }));
    const noTicket = openLink(net({ fetch: refused, auth: { kind: 'bearer', token: 't' } }).env, listener);
    const noWebSocket = openLink(net({ WebSocket: undefined as never }).env, listener);
    await flushTasks();
    expect([noTicket.received, noWebSocket.received]).toEqual([0, 0]);
    expect(closed).toEqual([1006, 1006]);
  });

  it("uses the host's functions: none is called unbound", () => {
    const bare = resolveEnvironment({ client: CLIENT });
    const timer = bare.clock.setTimeout(() => {}, 1);
    bare.clock.clearTimeout(timer);
    expect(bare.clock.now()).toBeGreaterThan(0);
    expect(bare.random()).toBeLessThan(1);
    expect(bare.events.isOnline()).toBe(true);
    expect(bare.client.instance).toMatch(/^[0-9a-f-]{36}$/);
  });
});

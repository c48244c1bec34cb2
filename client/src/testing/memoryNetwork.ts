/**
 * A network in memory: `fetch` and `WebSocket` of one user, over a MemoryServer, with faults.
 *
 * The client's own transports run on it, so tests of the client cover them too.
 */
import { COMMANDS, type Resume, type ServerFrame, type User } from '../protocol.gen.ts';
import { Refusal } from './answers.ts';
import type { Listener, MemoryServer } from './memoryServer.ts';
import type { FetchLike, WebSocketConstructor, WebSocketLike } from '../types.ts';

/**
 * What happens to sockets. `refused`: no upgrade. `silent`: opens, then all frames are lost.
 * `deaf`: the client's frames are lost. `mute`: the server's frames are lost.
 */
export type SocketFault = 'none' | 'refused' | 'silent' | 'deaf' | 'mute';
/** `down`: no answer at all; a number: every request gets this status. `lost`: executed, but the answer is lost. */
export type HttpFault = 'none' | 'down' | 'lost' | number;

export interface Request {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
}

export class MemoryNetwork {
  sockets: SocketFault = 'none';
  http: HttpFault = 'none';
  latency_ms = 10;
  /** A proxy on the way refuses larger bodies of uploads (413). */
  pieceLimit = Number.POSITIVE_INFINITY;
  /** Additional latency of frames to the client. */
  lag_ms = 0;
  /** The next command over the socket is refused with this. */
  refuseNext: Refusal | null = null;
  readonly requests: Request[] = [];
  /** Frames that the client sent over sockets. */
  readonly said: Record<string, unknown>[] = [];
  readonly open = new Set<MemorySocket>();
  readonly fetch: FetchLike;
  readonly WebSocket: WebSocketConstructor;
  readonly server: MemoryServer;
  /** Whose session cookie it is. */
  user: User;

  constructor(server: MemoryServer, userId: number) {
    this.server = server;
    this.user = server.users.get(userId) as User;
    this.fetch = (url, init) => this.#fetch(url, init ?? {});
    this.WebSocket = MemorySocket.bind(null, this);
  }

  /** The server closes every socket, after the frames it sent before. */
  closeAll(code: number): void {
    for (const socket of this.open) socket.serverClose(code);
  }

  /** The server sends one frame on every socket. */
  say(frame: ServerFrame): void {
    for (const socket of this.open) socket.receive(frame);
  }

  /** The number of polls so far. */
  polls(): number {
    return this.requests.filter((request) => request.path.endsWith('/api/sync')).length;
  }

  delay(run: () => void, extra_ms = 0): void {
    this.server.clock.setTimeout(run, this.latency_ms + extra_ms);
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const method = init.method ?? 'GET';
    const body = typeof init.body === 'string' ? (JSON.parse(init.body) as Record<string, unknown>) : {};
    this.requests.push({ at: this.server.clock.now(), method, path: url, body });
    await this.#travel(init.signal);
    if (this.http === 'down') throw new TypeError('fetch failed');
    if (typeof this.http === 'number') return problem({ code: 'unavailable', status: this.http, detail: 'fault' });
    try {
      const result = url.endsWith('/api/sync')
        ? await this.#sync(body, init.signal)
        : (this.#bytes(method, url, init.body) ?? this.#command(method, url, body));
      await this.#travel(init.signal);
      if (this.http !== 'none') throw new TypeError('fetch failed');
      return new Response(JSON.stringify(result), { status: 200 });
    } catch (error) {
      if (error instanceof Refusal) return problem(error.body);
      throw error;
    }
  }

  #travel(signal: AbortSignal | null | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
      this.delay(resolve);
    });
  }

  #command(method: string, url: string, body: Record<string, unknown>): unknown {
    const { pathname, searchParams } = new URL(url, 'http://memory');
    for (const [type, route] of Object.entries(COMMANDS)) {
      const names = [...route.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string);
      const match = new RegExp(`^${route.replace(/\{\w+\}/g, '([^/]+)')}$`).exec(`${method} ${pathname}`);
      if (!match) continue;
      const inPath = Object.fromEntries(
        names.map((name, index) => [name, decodeURIComponent(match[index + 1] as string)]),
      );
      const fields = { ...Object.fromEntries(searchParams), ...body, ...inPath };
      return this.server.run(this.user.id, type, fields);
    }
    throw new Refusal('not_found');
  }

  /** Bytes of an upload; null for any other request. */
  #bytes(method: string, url: string, body: unknown): unknown {
    const { pathname, searchParams } = new URL(url, 'http://memory');
    const id = /^\/api\/uploads\/([^/]+)$/.exec(pathname)?.[1];
    if (method !== 'PUT' || !id) return null;
    const piece = new Uint8Array(body as ArrayBuffer);
    if (piece.length > this.pieceLimit) throw new Refusal('too_large');
    return this.server.uploads.put(this.user.id, id, Number(searchParams.get('offset')), piece);
  }

  #sync(body: Record<string, unknown>, signal: AbortSignal | null | undefined): Promise<unknown> {
    const { server, user } = this;
    const resume = body.resume as Resume | undefined;
    const isFirst = resume?.epoch !== server.epoch;
    const frames = server.catchUp(user, resume);
    if (isFirst) frames.unshift(server.hello(user));
    if (frames.length > 0) frames.push({ type: 'caught_up' });
    const wait_ms = Number(body.wait ?? 0) * 1_000;
    const answer = (sent: readonly ServerFrame[]) => ({
      frames: sent,
      epoch: server.epoch,
      user_version: server.version(user.id),
    });
    if (frames.length > 0 || wait_ms === 0) return Promise.resolve(answer(frames));
    return new Promise((resolve) => {
      const done = (sent: readonly ServerFrame[]): void => {
        server.clock.clearTimeout(timer);
        server.listeners.delete(listener);
        resolve(answer(sent));
      };
      const listener: Listener = { user, receive: (frame) => done([frame]) };
      const timer = server.clock.setTimeout(() => done([]), wait_ms);
      server.listeners.add(listener);
      signal?.addEventListener('abort', () => done([]));
    });
  }
}

function problem(body: Refusal['body'] | { code: string; status: number; detail: string }): Response {
  const headers = { 'Content-Type': 'application/problem+json' };
  return new Response(JSON.stringify(body), { status: body.status, headers });
}

export class MemorySocket implements WebSocketLike, Listener {
  readyState = 0;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly user: User;
  readonly #network: MemoryNetwork;
  #beat: unknown = null;

  constructor(network: MemoryNetwork) {
    this.#network = network;
    this.user = network.user;
    network.delay(() => {
      if (this.readyState !== 0) return;
      if (network.sockets === 'refused') return this.#end(1006);
      this.readyState = 1;
      network.open.add(this);
      this.onopen?.({} as never);
    });
  }

  send(data: string): void {
    const frame = JSON.parse(data) as Record<string, unknown>;
    this.#network.said.push(frame);
    if (this.#lost('deaf')) return;
    this.#network.delay(() => this.readyState === 1 && this.#answer(frame));
  }

  close(): void {
    this.#close();
  }

  receive(frame: ServerFrame): void {
    if (this.#lost('mute')) return;
    this.#network.delay(() => {
      if (this.readyState === 1 && !this.#lost('mute')) this.onmessage?.({ data: JSON.stringify(frame) } as never);
    }, this.#network.lag_ms);
  }

  serverClose(code: number): void {
    this.#network.server.listeners.delete(this);
    this.#network.delay(() => this.readyState !== 3 && this.#end(code), this.#network.lag_ms);
  }

  #answer(frame: Record<string, unknown>): void {
    const { server } = this.#network;
    const { type, id = null, ...fields } = frame;
    switch (type) {
      case 'hello':
        this.receive(server.hello(this.user));
        for (const missed of server.catchUp(this.user, frame.resume as Resume | undefined)) this.receive(missed);
        this.receive({ type: 'caught_up' });
        server.listeners.add(this);
        this.#heartbeat();
        return;
      case 'pong':
        return;
      case 'ping':
        return this.receive({ type: 'pong', timestamp: new Date(server.clock.now()).toISOString() });
    }
    try {
      const refusal = this.#network.refuseNext;
      this.#network.refuseNext = null;
      if (refusal) throw refusal;
      const result = server.run(this.user.id, String(type), { ...fields, id });
      if (type === 'get_room_list') this.receive({ type: 'room_list', ...(result as object), id } as never);
      else this.receive({ type: 'ack', id: id as string, result });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.receive({ type: 'error', id: id as string, error: error.body });
    }
  }

  #heartbeat(): void {
    const { server } = this.#network;
    this.#beat = server.clock.setTimeout(() => {
      this.receive(server.heartbeat(this.user.id));
      this.#heartbeat();
    }, server.heartbeat_s * 1_000);
  }

  #lost(fault: SocketFault): boolean {
    return this.#network.sockets === 'silent' || this.#network.sockets === fault;
  }

  #close(): void {
    this.readyState = 3;
    this.#network.open.delete(this);
    this.#network.server.listeners.delete(this);
    this.#network.server.clock.clearTimeout(this.#beat);
  }

  #end(code: number): void {
    this.#close();
    this.onclose?.({ code } as never);
  }
}

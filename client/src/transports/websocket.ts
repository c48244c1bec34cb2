/**
 * The WebSocket transport: one socket, from opening to its end. A new try is a new `Link`.
 *
 * Knows how frames travel (one, or several as an array) and which answer belongs to which command.
 * It does not know whether the link is to be trusted: that is the machine's matter.
 */
import type { Environment } from '../environment.ts';
import { ChatError } from '../errors.ts';
import { type CommandFields, type CommandName, type CommandResult, isFrame, type ServerFrame } from '../protocol.ts';
import type { LogEntry, WebSocketLike } from '../types.ts';
import type { Transport } from './transport.ts';

export interface LinkListener {
  opened(): void;
  frames(frames: readonly ServerFrame[]): void;
  /** Once, unless `drop` was called before. */
  closed(code: number): void;
}

interface Waiter {
  readonly bytes: number;
  resolve(result: never): void;
  reject(error: ChatError): void;
}

const OPEN = 1;

export class Link implements Transport {
  readonly method = 'websocket';
  readonly #listener: LinkListener;
  readonly #log: (event: string, fields?: Partial<LogEntry>) => void;
  readonly #waiters = new Map<string, Waiter>();
  #socket: WebSocketLike | null = null;
  #over = false;
  #lastId = 0;
  /** Messages heard so far: whether the link said anything since a moment. */
  heard = 0;

  constructor(env: Environment, listener: LinkListener) {
    this.#listener = listener;
    this.#log = env.log;
    // A ticket has to be asked for first; the socket may be unwanted by then.
    env.openSocket().then(
      (socket) => (this.#over ? socket.close() : this.#attach(socket)),
      () => this.#end(1006),
    );
  }

  /** One frame that has no answer of its own. */
  send(frame: object): void {
    if (this.#socket?.readyState === OPEN) this.#socket.send(JSON.stringify(frame));
  }

  request<C extends CommandName>(type: C, fields: CommandFields<C>): Promise<CommandResult<C>> {
    return new Promise((resolve, reject) => {
      const socket = this.#socket;
      if (socket?.readyState !== OPEN) return reject(lost());
      const id = 'id' in fields ? String(fields.id) : `c${++this.#lastId}`;
      const text = JSON.stringify({ type, ...fields, id });
      this.#waiters.set(id, { bytes: text.length, resolve, reject });
      socket.send(text);
    });
  }

  /** Lets go without a word to the listener; what was under way is rejected with `connection_lost`. */
  drop(): void {
    if (this.#over) return;
    this.#over = true;
    const socket = this.#socket;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.#abandon(1006);
  }

  #attach(socket: WebSocketLike): void {
    this.#socket = socket;
    socket.onopen = () => this.#listener.opened();
    socket.onmessage = (event: { data: unknown }) => this.#hear(event.data);
    socket.onclose = (event: { code?: number }) => this.#end(event.code ?? 1006);
    // `close` follows and says more; without a listener Node prints the error.
    socket.onerror = () => {};
  }

  #hear(data: unknown): void {
    this.heard++;
    let parsed: unknown;
    try {
      parsed = JSON.parse(String(data));
    } catch {
      return this.#log('bad_frame');
    }
    const frames = (Array.isArray(parsed) ? parsed : [parsed]).filter(isFrame);
    this.#listener.frames(frames);
    for (const frame of frames) this.#answer(frame);
  }

  #answer(frame: ServerFrame): void {
    if (frame.type !== 'ack' && frame.type !== 'error' && frame.type !== 'room_list') return;
    const waiter = this.#waiters.get(frame.id ?? '');
    if (!waiter) {
      if (frame.type === 'error') this.#log('error_frame', { error: frame.error });
      return;
    }
    this.#waiters.delete(frame.id as string);
    if (frame.type === 'error') waiter.reject(new ChatError(frame.error));
    else waiter.resolve((frame.type === 'ack' ? frame.result : frame) as never);
  }

  #end(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#abandon(code);
    this.#listener.closed(code);
  }

  #abandon(code: number): void {
    const waiters = [...this.#waiters.values()];
    this.#waiters.clear();
    // 1009: one frame was too large for the server; the largest on its way must be the one.
    const largest = code === 1009 ? Math.max(...waiters.map((w) => w.bytes)) : Number.NaN;
    for (const waiter of waiters) {
      waiter.reject(waiter.bytes === largest ? new ChatError({ code: 'too_large', status: 413 }) : lost());
    }
  }
}

const lost = (): ChatError =>
  new ChatError({ code: 'connection_lost', detail: 'The connection broke before an answer came.' });

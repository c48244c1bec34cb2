/**
 * The WebSocket transport: one socket, from opening to its end. A new try is a new link.
 *
 * Knows how frames travel (one, or several as an array) and which answer belongs to which command.
 * It does not know whether the link is to be trusted: that is the machine's matter.
 */
import type { Environment } from '../environment.ts';
import { ChatError } from '../errors.ts';
import { toJson } from '../json.ts';
import { type CommandFields, type CommandName, type CommandResult, isFrame, type ServerFrame } from '../protocol.ts';
import type { WebSocketLike } from '../types.ts';
import type { Transport } from './transport.ts';

export interface LinkListener {
  opened(): void;
  frames(frames: readonly ServerFrame[]): void;
  /** Once, unless `drop` was called before. */
  closed(code: number): void;
}

export interface Link extends Transport {
  /** Messages heard so far: whether the link said anything since a moment. */
  readonly heard: number;
  /** One frame that has no answer of its own. */
  send(frame: object): void;
  /** Lets go without a word to the listener; what was under way is rejected with `connection_lost`. */
  drop(): void;
}

interface Waiter {
  readonly bytes: number;
  resolve(result: never): void;
  reject(error: ChatError): void;
}

const OPEN = 1;
/** The code of a socket that ended without one. */
const BROKEN = 1006;
const TOO_LARGE = 1009;

export function openLink(env: Pick<Environment, 'openSocket' | 'log'>, listener: LinkListener): Link {
  const waiters = new Map<string, Waiter>();
  let socket: WebSocketLike | null = null;
  let over = false;
  let lastId = 0;
  let heard = 0;

  function attach(opened: WebSocketLike): void {
    // A ticket had to be asked for first; the socket may be unwanted by now.
    if (over) return opened.close();
    socket = opened;
    socket.onopen = listener.opened;
    socket.onmessage = (event: { data: unknown }) => hear(event.data);
    socket.onclose = (event: { code?: number }) => close(event.code);
    // `close` follows and says more; without a listener Node prints the error.
    socket.onerror = () => {};
  }

  function hear(data: unknown): void {
    heard++;
    let parsed: unknown;
    try {
      parsed = JSON.parse(String(data));
    } catch {
      return env.log('bad_frame');
    }
    const frames = (Array.isArray(parsed) ? parsed : [parsed]).filter(isFrame);
    listener.frames(frames);
    for (const frame of frames) answer(frame);
  }

  /** A frame with the id of a command is its answer. */
  function answer(frame: ServerFrame): void {
    const id = (frame as { readonly id?: string | null }).id ?? '';
    const waiter = waiters.get(id);
    waiters.delete(id);
    if (frame.type !== 'error') waiter?.resolve((frame.type === 'ack' ? frame.result : frame) as never);
    else if (waiter) waiter.reject(new ChatError(frame.error));
    else env.log('error_frame', { error: frame.error });
  }

  function close(code = BROKEN): void {
    if (end(code)) listener.closed(code);
  }

  /** True the first time. */
  function end(code: number): boolean {
    if (over) return false;
    over = true;
    const lost = [...waiters.values()];
    waiters.clear();
    // One frame was too large for the server; the largest on its way must be the one.
    const largest = code === TOO_LARGE ? Math.max(...lost.map(({ bytes }) => bytes)) : Number.NaN;
    for (const { bytes, reject } of lost) {
      reject(bytes === largest ? new ChatError({ code: 'too_large', status: 413 }) : connectionLost());
    }
    return true;
  }

  env.openSocket().then(attach, () => close());

  return {
    method: 'websocket',
    get heard() {
      return heard;
    },
    send(frame) {
      if (socket?.readyState === OPEN) socket.send(toJson(frame));
    },
    request<C extends CommandName>(type: C, fields: CommandFields<C>): Promise<CommandResult<C>> {
      return new Promise((resolve, reject) => {
        if (socket?.readyState !== OPEN) return reject(connectionLost());
        const id = 'id' in fields ? String(fields.id) : `c${++lastId}`;
        const text = toJson({ type, ...fields, id });
        waiters.set(id, { bytes: text.length, resolve, reject });
        socket.send(text);
      });
    },
    drop() {
      if (!end(BROKEN) || !socket) return;
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    },
  };
}

const connectionLost = (): ChatError =>
  new ChatError({ code: 'connection_lost', detail: 'The connection broke before an answer came.' });

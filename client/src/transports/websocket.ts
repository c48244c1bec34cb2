/**
 * The WebSocket transport: one socket, from opening to its end. Each attempt is a new link.
 *
 * Knows how frames are sent (one, or several as an array) and which answer belongs to which command.
 * Whether the link works is for the machine (connection/machine.ts) to judge.
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
  /** WebSocket messages received so far. */
  readonly received: number;
  /** Sends a frame that has no answer of its own. */
  send(frame: object): void;
  /** Closes without calling the listener; open requests are rejected with `connection_lost`. */
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
  let received = 0;

  function attach(opened: WebSocketLike): void {
    // Opening may have had to wait for a ticket; the link may be dropped by now.
    if (over) return opened.close();
    socket = opened;
    socket.onopen = listener.opened;
    socket.onmessage = (event: { data: unknown }) => receive(event.data);
    socket.onclose = (event: { code?: number }) => close(event.code);
    // `close` follows with the code; without a listener Node prints the error.
    socket.onerror = () => {};
  }

  function receive(data: unknown): void {
    received++;
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
    // One frame was too large for the server: the largest without an answer.
    const largest = code === TOO_LARGE ? Math.max(...lost.map(({ bytes }) => bytes)) : Number.NaN;
    for (const { bytes, reject } of lost) {
      reject(bytes === largest ? new ChatError({ code: 'too_large', status: 413 }) : connectionLost());
    }
    return true;
  }

  env.openSocket().then(attach, () => close());

  return {
    method: 'websocket',
    get received() {
      return received;
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

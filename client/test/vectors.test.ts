/**
 * The golden frames of `protocol/vectors`, received through the WebSocket transport. The server's tests
 * read the same files.
 */
import { describe, expect, it } from 'vitest';
import { COMMANDS, type ServerFrame } from '../src/protocol.ts';
import { openLink } from '../src/transports/websocket.ts';
import type { WebSocketLike } from '../src/types.ts';

interface Vector {
  readonly direction: 'client' | 'server';
  readonly frame?: unknown;
  readonly raw_base64?: string;
  readonly reads_as?: unknown;
  readonly unknown?: boolean;
}

declare global {
  interface ImportMeta {
    /** Vite's: the files of a pattern, by path. */
    readonly glob: (pattern: string, options: { eager: true; import: 'default' }) => Record<string, Vector>;
  }
}

const FILES = {
  valid: import.meta.glob('../../protocol/vectors/valid/*.json', { eager: true, import: 'default' }),
  invalid: import.meta.glob('../../protocol/vectors/invalid/*.json', { eager: true, import: 'default' }),
};

/** Names and vectors. */
const read = (kind: keyof typeof FILES, direction: Vector['direction']): [string, Vector][] =>
  Object.entries(FILES[kind])
    .filter(([, vector]) => vector.direction === direction)
    .map(([path, vector]) => [path.replace(/^.*\/|\.json$/g, ''), vector]);

const text = (vector: Vector): string =>
  vector.raw_base64 === undefined
    ? JSON.stringify(vector.frame)
    : new TextDecoder().decode(Uint8Array.from(atob(vector.raw_base64), (byte) => byte.charCodeAt(0)));

/** A link over a socket whose frames the test sends. */
async function open(): Promise<{ send(text: string): void; received: ServerFrame[]; closed: number[] }> {
  const socket: WebSocketLike = {
    readyState: 1,
    send() {},
    close() {},
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
  };
  const received: ServerFrame[] = [];
  const closed: number[] = [];
  const environment = { openSocket: async () => socket, log() {} };
  const link = openLink(environment, {
    opened() {},
    frames: (frames) => received.push(...frames),
    closed: (code) => closed.push(code),
  });
  // The socket is handed over a task later.
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(link.received).toBe(0);
  return { send: (data) => socket.onmessage?.({ data } as never), received, closed };
}

const SAID = read('valid', 'server');
const GARBAGE = read('invalid', 'server');

describe('frames of the server', () => {
  it.each(SAID)('are accepted: %s', async (_, vector) => {
    const { send, received, closed } = await open();
    send(text(vector));
    expect(received).toEqual([vector.frame]);
    expect(closed).toEqual([]);
  });

  it('are accepted several at once, in order', async () => {
    const { send, received } = await open();
    send(`[${SAID.map(([, vector]) => text(vector)).join(',')}]`);
    expect(received).toEqual(SAID.map(([, vector]) => vector.frame));
  });

  it.each(GARBAGE)('are dropped where they are invalid, and the link continues: %s', async (_, vector) => {
    const { send, received, closed } = await open();
    send(text(vector));
    send('{"type":"caught_up"}');
    expect(received).toEqual([{ type: 'caught_up' }]);
    expect(closed).toEqual([]);
  });
});

describe('frames of a client', () => {
  const words = new Set<string>([...Object.keys(COMMANDS), 'ping', 'hello', 'pong']);

  it('is known by the same words here and there', () => {
    const sent = read('valid', 'client')
      .flatMap(([, vector]) => vector.reads_as ?? vector.frame)
      .map((frame) => (frame as { type: string }).type);
    expect(new Set(sent)).toEqual(words);
  });
});

/**
 * The golden frames of `protocol/vectors`, heard through the WebSocket transport. The server's tests
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

/** A link over a socket that says what it is told to. */
async function open(): Promise<{ say(text: string): void; heard: ServerFrame[]; closed: number[] }> {
  const socket: WebSocketLike = {
    readyState: 1,
    send() {},
    close() {},
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
  };
  const heard: ServerFrame[] = [];
  const closed: number[] = [];
  const environment = { openSocket: async () => socket, log() {} };
  const link = openLink(environment, {
    opened() {},
    frames: (frames) => heard.push(...frames),
    closed: (code) => closed.push(code),
  });
  // The socket is handed over a task later.
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(link.received).toBe(0);
  return { say: (data) => socket.onmessage?.({ data } as never), heard, closed };
}

const SAID = read('valid', 'server');
const GARBAGE = read('invalid', 'server');

describe('frames of the server', () => {
  it.each(SAID)('are accepted: %s', async (_, vector) => {
    const { say, heard, closed } = await open();
    say(text(vector));
    expect(heard).toEqual([vector.frame]);
    expect(closed).toEqual([]);
  });

  it('are accepted several at once, in order', async () => {
    const { say, heard } = await open();
    say(`[${SAID.map(([, vector]) => text(vector)).join(',')}]`);
    expect(heard).toEqual(SAID.map(([, vector]) => vector.frame));
  });

  it.each(GARBAGE)('are dropped where they are invalid, and the link continues: %s', async (_, vector) => {
    const { say, heard, closed } = await open();
    say(text(vector));
    say('{"type":"caught_up"}');
    expect(heard).toEqual([{ type: 'caught_up' }]);
    expect(closed).toEqual([]);
  });
});

describe('frames of a client', () => {
  const words = new Set<string>([...Object.keys(COMMANDS), 'hello', 'pong']);

  it('is known by the same words here and there', () => {
    const said = read('valid', 'client')
      .flatMap(([, vector]) => vector.reads_as ?? vector.frame)
      .map((frame) => (frame as { type: string }).type);
    expect(new Set(said)).toEqual(words);
  });
});

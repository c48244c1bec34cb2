import { describe, expect, it } from 'vitest';
import { createChat } from '../../src/core.ts';
import { withUploads } from '../../src/features/uploads.ts';
import { FakeClock, MemoryNetwork, MemoryServer } from '../../src/testing/index.ts';
import type { HttpFault, SocketFault } from '../../src/testing/memoryNetwork.ts';
import { ANN, BOB } from '../world.ts';

const SIZE = 900_000;
const BYTES = Uint8Array.from({ length: SIZE }, (_, n) => (n * 31) % 251);
const FILE = {
  name: 'a.bin',
  type: '',
  size: SIZE,
  slice: (start: number, end: number) => ({ arrayBuffer: () => Promise.resolve(BYTES.slice(start, end).buffer) }),
};

/** Sends one file in a message. At the request `at` (0: never) the sockets are cut, and that request meets the fault. */
async function sendOne(sockets: SocketFault, fault: HttpFault, at: number) {
  const clock = new FakeClock();
  const server = new MemoryServer(clock, ['ann', 'bob']);
  server.createRoom([ANN, BOB]);
  const network = new MemoryNetwork(server, ANN);
  network.sockets = sockets;
  network.pieceLimit = 200_000;
  let count = 0;
  const chat = createChat(
    {
      client: { name: 'test', version: '1' },
      baseUrl: 'http://memory',
      fetch: (url, init) => {
        count += 1;
        if (count !== at) return network.fetch(url, init);
        network.closeAll(1006);
        network.http = fault;
        return network.fetch(url, init).finally(() => {
          network.http = 'none';
        });
      },
      WebSocket: network.WebSocket,
      clock,
      random: () => 0.5,
    },
    withUploads(),
  );
  chat.connect();
  await clock.advance(1_000);
  void chat.openRoom(1);
  await clock.advance(1_000);
  const before = count;
  const adding = chat.addFile(1, FILE);
  await clock.advance(0);
  const id = await adding;
  void chat.sendFiles(1, '', [id]).catch(() => undefined);
  for (let waited = 0; waited < 120 && chat.getFiles(1).length > 0; waited += 1) await clock.advance(1_000);
  const messages = [...(server.rooms.get(1)?.messages.values() ?? [])];
  await chat.disconnect();
  const sent = messages.map(({ attachments }) => attachments.map(({ id: claimed }) => claimed));
  return { sent, id, bytes: server.uploads.bytesOf(id), before, count };
}

describe('a file whose connection is cut at any request', () => {
  it.each<[string, SocketFault, HttpFault]>([
    ['with sockets, nothing arrives', 'none', 'down'],
    ['with sockets, the answer is lost', 'none', 'lost'],
    ['without sockets, nothing arrives', 'refused', 'down'],
    ['without sockets, the answer is lost', 'refused', 'lost'],
    ['without sockets, the server is away', 'refused', 503],
  ])('arrives whole and is claimed once: %s', async (_, sockets, fault) => {
    const calm = await sendOne(sockets, fault, 0);
    // Pieces of at most 200 kB: five at least.
    expect(calm.count - calm.before).toBeGreaterThan(5);
    for (let at = calm.before + 1; at <= calm.count; at += 1) {
      const found = await sendOne(sockets, fault, at);
      expect(found.sent, `request ${at}`).toEqual([[found.id]]);
      expect(Buffer.from(found.bytes ?? []).equals(Buffer.from(BYTES)), `request ${at}`).toBe(true);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { createChat } from '../../src/core.ts';
import { withUploads } from '../../src/features/uploads.ts';
import { memoryStorage } from '../../src/outboxStorage.ts';
import { FakeClock, MemoryNetwork, MemoryServer } from '../../src/testing/index.ts';
import { createPace } from '../../src/uploads/pace.ts';
import { memoryUploads } from '../../src/uploads/storage.ts';
import { ANN, BOB } from '../world.ts';

function file(size: number, name = 'a.bin', type = '') {
  const bytes = new Uint8Array(size);
  for (let n = 0; n < size; n += 97) bytes[n] = n % 251;
  const slice = (start: number, end: number) => ({
    arrayBuffer: () => Promise.resolve(bytes.slice(start, end).buffer),
  });
  return { name, type, size, slice, bytes };
}

/** The core with files alone, connected, as Ann; what `storage` and `outbox` hold outlives it. */
async function world(
  storage = memoryUploads(),
  outbox = memoryStorage(),
  old?: { clock: FakeClock; server: MemoryServer },
) {
  const clock = old?.clock ?? new FakeClock();
  const server = old?.server ?? new MemoryServer(clock, ['ann', 'bob']);
  if (!old) server.createRoom([ANN, BOB]);
  const network = new MemoryNetwork(server, ANN);
  const chat = createChat(
    {
      client: { name: 'test', version: '1' },
      baseUrl: 'http://memory',
      fetch: network.fetch,
      WebSocket: network.WebSocket,
      storage: outbox,
      clock,
      random: () => 0.5,
    },
    withUploads(storage),
  );
  chat.connect();
  await clock.advance(1_000);
  void chat.openRoom(1);
  await clock.advance(1_000);
  const add = async (given: ReturnType<typeof file>, alt = '') => {
    const added = chat.addFile(1, given, alt);
    await clock.advance(0);
    return added;
  };
  const shown = () => chat.getFiles(1).map(({ name, state, offset }) => [name, state, offset]);
  const messages = () => [...(server.rooms.get(1)?.messages.values() ?? [])];
  /** Byte for byte; `toEqual` takes seconds for so many. */
  const has = (id: string, { bytes }: { bytes: Uint8Array }) =>
    Buffer.from(server.uploads.bytesOf(id) ?? []).equals(Buffer.from(bytes));
  const puts = () => network.requests.filter(({ method, path }) => method === 'PUT' && path.includes('/uploads/'));
  return { chat, clock, network, server, storage, outbox, add, shown, messages, has, puts };
}

describe('files', () => {
  it('are sent in pieces and claimed by their message', async () => {
    const w = await world();
    const picture = file(2_000_000, 'mill.png', 'image/png');
    const id = await w.add(picture, 'A mill.');
    const sent = w.chat.sendFiles(1, 'Look.', [id]);
    await w.clock.advance(5_000);
    const { message } = await sent;
    expect(message.content).toBe('Look.');
    expect(message.attachments).toMatchObject([{ id, name: 'mill.png', size: 2_000_000, alt: 'A mill.' }]);
    expect(w.has(id, picture)).toBe(true);
    expect(w.shown()).toEqual([]);
    expect(w.puts()).toHaveLength(2);
  });

  it('do not hold up the text behind them', async () => {
    const w = await world();
    w.network.http = 'down';
    const id = await w.add(file(10));
    void w.chat.sendFiles(1, 'with a file', [id]);
    void w.chat.sendChatMessage(1, 'text');
    await w.clock.advance(2_000);
    expect(w.messages().map(({ content }) => content)).toEqual(['text']);
    w.network.http = 'none';
    await w.clock.advance(60_000);
    expect(w.messages().map(({ content }) => content)).toEqual(['text', 'with a file']);
  });

  it.each(['down', 'lost', 500, 429] as const)(
    'arrive whole through a network where requests are %s',
    async (fault) => {
      const w = await world();
      const given = file(3_000_000);
      const id = await w.add(given);
      const sent = w.chat.sendFiles(1, '', [id]);
      for (let n = 0; n < 12; n++) {
        w.network.http = n % 2 ? 'none' : fault;
        await w.clock.advance(35);
      }
      w.network.http = 'none';
      await w.clock.advance(120_000);
      expect((await sent).message.attachments).toHaveLength(1);
      expect(w.has(id, given)).toBe(true);
      expect(w.messages()).toHaveLength(1);
    },
  );

  it('find the size of body that a proxy lets through', async () => {
    const w = await world();
    w.network.pieceLimit = 100_000;
    const given = file(500_000);
    const id = await w.add(given);
    await w.clock.advance(30_000);
    expect(w.shown()).toEqual([['a.bin', 'ready', 500_000]]);
    expect(w.has(id, given)).toBe(true);
  });

  it('are refused before the first byte where they are too large', async () => {
    const w = await world();
    await expect(w.chat.addFile(1, { ...file(1), size: 200_000_000 })).rejects.toMatchObject({
      code: 'file_too_large',
      final: true,
    });
    expect(w.puts()).toHaveLength(0);
    expect(w.shown()).toEqual([]);
  });

  it('show why one failed, and only that one is retried', async () => {
    const w = await world();
    w.server.uploads.infected = 'bad.exe';
    const [good, bad] = [await w.add(file(10, 'good.txt')), await w.add(file(10, 'bad.exe'))];
    const sent = w.chat.sendFiles(1, 'both', [good, bad]);
    await w.clock.advance(10_000);
    expect(w.shown()).toEqual([
      ['good.txt', 'ready', 10],
      ['bad.exe', 'failed', 10],
    ]);
    expect(w.chat.getFiles(1)[1]?.error).toMatchObject({ code: 'infected' });
    expect(w.messages()).toHaveLength(0);
    w.chat.removeFile(bad);
    await w.clock.advance(5_000);
    expect((await sent).message.attachments.map(({ id }) => id)).toEqual([good]);
  });

  it('are asked about where the frame about their check is lost', async () => {
    const w = await world();
    w.server.uploads.isSlow = true;
    await w.add(file(10));
    await w.clock.advance(2_000);
    expect(w.shown()).toEqual([['a.bin', 'checking', 10]]);
    w.server.uploads.isSlow = false;
    await w.clock.advance(10_000);
    expect(w.shown()).toEqual([['a.bin', 'ready', 10]]);
  });

  it('go on after the tab was closed, and their message is sent once', async () => {
    const first = await world();
    const given = file(4_000_000);
    const id = await first.add(given);
    void first.chat.sendFiles(1, 'later', [id]);
    await first.clock.advance(40);
    await first.chat.disconnect();
    first.network.http = 'down';
    const second = await world(first.storage, first.outbox, first);
    await second.clock.advance(30_000);
    expect(second.messages().map(({ content }) => content)).toEqual(['later']);
    expect(second.has(id, given)).toBe(true);
    const third = await world(first.storage, first.outbox, first);
    await third.clock.advance(30_000);
    expect(third.messages()).toHaveLength(1);
  });

  it('are described until they are sent', async () => {
    const w = await world();
    const id = await w.add(file(10));
    await w.clock.advance(2_000);
    w.chat.describeFile(id, 'Ten bytes.');
    await w.clock.advance(1_000);
    const sent = w.chat.sendFiles(1, '', [id]);
    await w.clock.advance(2_000);
    expect((await sent).message.attachments[0]?.alt).toBe('Ten bytes.');
  });

  it('leave the server where they are removed', async () => {
    const w = await world();
    const id = await w.add(file(10));
    await w.clock.advance(2_000);
    w.chat.removeFile(id);
    await w.clock.advance(1_000);
    expect([w.shown(), w.server.uploads.bytesOf(id)]).toEqual([[], undefined]);
  });
});

describe('the pace of pieces', () => {
  it('doubles while they are quick, up to what the server takes, and halves after a failure', () => {
    const pace = createPace();
    const first = pace.next;
    pace.sent(100, 8_388_608);
    expect(pace.next).toBe(first * 2);
    pace.sent(5_000, 8_388_608);
    expect(pace.next).toBe(first * 2);
    for (let n = 0; n < 9; n++) pace.sent(1, 8_388_608);
    expect(pace.next).toBe(8_388_608);
    pace.failed();
    expect(pace.next).toBe(8_388_608 / 2);
  });

  it('does not grow beyond what a proxy has refused', () => {
    const pace = createPace();
    pace.sent(1, 8_388_608);
    const refused = pace.next;
    pace.refused();
    pace.sent(1, 8_388_608);
    expect(pace.next).toBe(refused / 2);
    for (let n = 0; n < 30; n++) pace.failed();
    expect(pace.next).toBeGreaterThanOrEqual(32 * 1024);
  });
});

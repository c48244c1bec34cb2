import { describe, expect, it } from 'vitest';
import { createChat } from '../../src/core.ts';
import { withUploads } from '../../src/features/uploads.ts';
import { memoryStorage } from '../../src/outboxStorage.ts';
import { FakeClock, MemoryNetwork, MemoryServer } from '../../src/testing/index.ts';
import { createPace } from '../../src/uploads/pace.ts';
import { memoryUploads, type UploadRecord } from '../../src/uploads/storage.ts';
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

  it('are read by their bytes, to be shown', async () => {
    const w = await world();
    const given = file(1_000);
    const id = await w.add(given);
    expect(Buffer.from((await w.chat.readFile(id)) as ArrayBuffer)).toEqual(Buffer.from(given.bytes));
    expect(w.chat.getAllFiles()).toHaveLength(1);
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

describe('a message that waits for its files', () => {
  const pending = ({ chat }: Awaited<ReturnType<typeof world>>) =>
    chat.getTimeline(1).pending.map(({ content, state, attachments }) => [content, state, attachments.length]);

  it('is shown among the unsent ones, and keeps its id when it is sent', async () => {
    const w = await world();
    w.server.uploads.isSlow = true;
    const id = await w.add(file(10));
    void w.chat.sendFiles(1, 'soon', [id]);
    expect(pending(w)).toEqual([['soon', 'queued', 1]]);
    const [waiting] = w.chat.getUnsent();
    expect(w.chat.getUnsent()).toBe(w.chat.getUnsent());
    expect(w.chat.getTimeline(1)).toBe(w.chat.getTimeline(1));
    expect(w.chat.getSnapshot()).toBe(w.chat.getSnapshot());
    expect([waiting?.attachments, w.chat.getSnapshot().outbox.waiting]).toEqual([[id], 1]);
    w.server.uploads.isSlow = false;
    await w.clock.advance(20_000);
    expect(w.messages().map((message) => message.id)).toEqual([waiting?.id]);
    expect([pending(w), w.chat.getUnsent(), w.chat.getSnapshot().outbox.waiting]).toEqual([[], [], 0]);
  });

  it('fails with a file of it, and goes on when that one is retried', async () => {
    const w = await world();
    w.server.uploads.infected = 'bad.exe';
    const [good, bad] = [await w.add(file(10)), await w.add(file(10, 'bad.exe'))];
    const sent = w.chat.sendFiles(1, 'both', [good, bad]);
    await w.clock.advance(5_000);
    expect(pending(w)).toEqual([['both', 'failed', 2]]);
    expect(w.chat.getUnsent()[0]?.error).toMatchObject({ code: 'infected' });
    expect(w.chat.getSnapshot().outbox).toMatchObject({ waiting: 0, failed: 1 });
    const before = w.puts().length;
    // The server has deleted what it refused: it takes the file again.
    w.server.uploads.delete(ANN, bad);
    w.server.uploads.infected = '';
    w.chat.retryAll(1);
    await w.clock.advance(5_000);
    expect((await sent).message.attachments.map(({ name }) => name)).toEqual(['a.bin', 'bad.exe']);
    expect(w.puts()).toHaveLength(before + 1);
  });

  it('goes as text where its last file is removed, and not at all where it has no text', async () => {
    const w = await world();
    w.server.uploads.isSlow = true;
    const [one, other] = [await w.add(file(10)), await w.add(file(10))];
    const withText = w.chat.sendFiles(1, 'without it', [one]);
    const without = w.chat.sendFiles(1, ' ', [other]);
    w.chat.removeFile(one);
    w.chat.removeFile(other);
    await w.clock.advance(5_000);
    expect((await withText).message.attachments).toEqual([]);
    await expect(without).rejects.toMatchObject({ code: 'discarded' });
    expect(w.messages().map(({ content }) => content)).toEqual(['without it']);
  });

  it('stays in its thread: waiting, after the tab, and as text without its file', async () => {
    const first = await world();
    const root = first.server.post(1, BOB, 'where?');
    const inThread = { thread: root.id, in_room: true };
    first.server.uploads.isSlow = true;
    const [kept, removed] = [await first.chat.addFile(1, file(10), '', root.id), await first.add(file(10))];
    expect(first.chat.getFiles(1).map(({ thread }) => thread)).toEqual([root.id, null]);
    void first.chat.sendFiles(1, 'here', [kept], null, inThread);
    void first.chat.sendFiles(1, 'without it', [removed], null, inThread);
    expect(first.chat.getUnsent().map((item) => item.inThread)).toEqual([inThread, inThread]);
    first.chat.removeFile(removed);
    await first.clock.advance(5_000);
    await first.chat.disconnect();
    first.server.uploads.isSlow = false;
    const second = await world(first.storage, first.outbox, first);
    await second.clock.advance(30_000);
    const replies = second.messages().filter(({ thread }) => thread === root.id);
    expect(replies.map(({ content, in_room, attachments }) => [content, in_room, attachments.length])).toEqual([
      ['without it', true, 0],
      ['here', true, 1],
    ]);
  });

  it('can be taken back with its files, and sent again', async () => {
    const w = await world();
    w.network.http = 'down';
    const id = await w.add(file(10));
    const sent = w.chat.sendFiles(1, 'first', [id]);
    const key = w.chat.getUnsent()[0]?.id as string;
    expect(w.chat.isWaitingForFiles(key)).toBe(true);
    expect(w.chat.takeBack(key)).toMatchObject({ content: 'first', files: [id] });
    await expect(sent).rejects.toMatchObject({ code: 'discarded' });
    expect([pending(w), w.chat.getFiles(1)[0]?.message]).toEqual([[], null]);
    w.network.http = 'none';
    void w.chat.sendFiles(1, 'second', [id]);
    await w.clock.advance(60_000);
    expect(w.messages().map(({ content }) => content)).toEqual(['second']);
  });

  it('is not sent once it is discarded, its files are deleted a little later, and undoing brings both back', async () => {
    const w = await world();
    w.server.uploads.isSlow = true;
    const [gone, kept] = [await w.add(file(10, 'gone')), await w.add(file(10, 'kept'))];
    await w.clock.advance(1_000);
    for (const [text, id] of [
      ['gone', gone],
      ['kept', kept],
    ] as const)
      void w.chat.sendFiles(1, text, [id]);
    const items = w.chat.getUnsent();
    for (const { id } of items) w.chat.discard(id);
    expect([pending(w), w.shown()]).toEqual([[], []]);
    w.server.uploads.isSlow = false;
    await w.clock.advance(10_000);
    w.chat.putBack(items[1] as (typeof items)[number]);
    await w.clock.advance(60_000);
    expect(w.messages().map(({ content }) => content)).toEqual(['kept']);
    expect([w.server.uploads.bytesOf(gone), w.shown()]).toEqual([undefined, []]);
  });

  it('is sent once where the tab ends while it goes over to the outbox', async () => {
    const first = await world();
    first.server.uploads.isSlow = true;
    const id = await first.add(file(10));
    void first.chat.sendFiles(1, 'once', [id]);
    await first.clock.advance(1_000);
    first.server.uploads.isSlow = false;
    // The outbox has the message and sends it; what removes the files' records is lost with the tab.
    const remove = first.storage.remove;
    first.storage.remove = () => Promise.resolve();
    await first.clock.advance(10_000);
    await first.chat.disconnect();
    expect(first.messages()).toHaveLength(1);
    first.storage.remove = remove;
    const second = await world(first.storage, first.outbox, first);
    await second.clock.advance(30_000);
    expect([second.messages().length, second.shown(), second.chat.getUnsent()]).toEqual([1, [], []]);
  });

  it('is rejected for its caller where the server refuses it, and can be retried', async () => {
    const w = await world();
    const id = await w.add(file(10));
    await w.clock.advance(2_000);
    w.server.uploads.delete(ANN, id);
    const sent = w.chat.sendFiles(1, 'lost', [id]);
    await w.clock.advance(5_000);
    await expect(sent).rejects.toMatchObject({ code: 'upload_not_found' });
    expect(pending(w)).toEqual([['lost', 'failed', 1]]);
  });
});

describe('files of a person who signs out', () => {
  it('are removed from the device, and never shown to the next one', async () => {
    const w = await world();
    w.network.http = 'down';
    const id = await w.add(file(10));
    void w.chat.sendFiles(1, 'mine', [id]);
    await w.add(file(10));
    await w.storage.put({ ...(w.chat.getFiles(1)[1] as UploadRecord), id: 'of-bob', userId: BOB });
    await w.chat.forgetFiles();
    expect([w.shown(), w.chat.getUnsent(), (await w.storage.load()).map((file) => file.id)]).toEqual([
      [],
      [],
      ['of-bob'],
    ]);
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

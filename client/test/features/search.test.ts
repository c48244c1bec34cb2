import { describe, expect, it } from 'vitest';
import { createChat } from '../../src/core.ts';
import { withSearch } from '../../src/features/search.ts';
import { memoryStorage } from '../../src/outboxStorage.ts';
import { FakeClock, MemoryNetwork, MemoryServer } from '../../src/testing/index.ts';
import { ANN, BOB } from '../world.ts';

/** The core with search alone, connected; two rooms with messages by Bob. */
async function world() {
  const clock = new FakeClock();
  const server = new MemoryServer(clock, ['ann', 'bob']);
  server.createRoom([ANN, BOB]);
  server.createRoom([ANN, BOB], 'group', 'Release notes');
  const texts = ['deploy one', 'deployed two', 'staging three'];
  const posted = texts.map((content, index) => server.post(1 + (index % 2), BOB, content));
  const network = new MemoryNetwork(server, ANN);
  const chat = createChat(
    {
      client: { name: 'test', version: '1' },
      baseUrl: 'http://memory',
      fetch: network.fetch,
      WebSocket: network.WebSocket,
      storage: memoryStorage(),
      clock,
      random: () => 0.5,
    },
    withSearch,
  );
  chat.connect();
  await clock.advance(1_000);
  let changes = 0;
  const open = (options: { roomId?: number; limit?: number } = {}) =>
    chat.openSearch({ ...options, changed: () => changes++ });
  const asked = () => network.said.filter(({ type }) => type === 'search').map(({ query }) => query);
  return { chat, clock, network, server, posted, open, asked, changes: () => changes };
}

const shown = (search: ReturnType<Awaited<ReturnType<typeof world>>['open']>) =>
  search.view.hits.map(({ message }) => message.content);

describe('search', () => {
  it('asks once typing pauses, and shows the newest first, with the places of the words', async () => {
    const w = await world();
    const search = w.open();
    for (const query of ['d', 'de', 'dep']) {
      search.type(query);
      await w.clock.advance(50);
    }
    expect(search.view).toMatchObject({ query: 'dep', hits: [] });
    await w.clock.advance(1_000);
    expect(w.asked()).toEqual(['dep']);
    expect(shown(search)).toEqual(['deployed two', 'deploy one']);
    expect(search.view.hits.map(({ ranges }) => ranges)).toEqual([[[0, 8]], [[0, 6]]]);
    expect(search.view).toMatchObject({ isLoading: false, hasMore: false, isPartial: false, error: null });
  });

  it('shows nothing of an older search, however late its answer comes', async () => {
    const w = await world();
    const search = w.open();
    w.network.lag_ms = 400;
    search.type('deploy');
    await w.clock.advance(200);
    w.network.lag_ms = 0;
    search.type('staging');
    await w.clock.advance(2_000);
    expect(w.asked()).toEqual(['deploy', 'staging']);
    expect(shown(search)).toEqual(['staging three']);
  });

  it('reads page after page, each hit once', async () => {
    const w = await world();
    const search = w.open({ limit: 1 });
    search.type('deploy');
    await w.clock.advance(1_000);
    expect([shown(search), search.view.hasMore]).toEqual([['deployed two'], true]);
    const more = search.more();
    await w.clock.advance(1_000);
    await more;
    expect([shown(search), search.view.hasMore]).toEqual([['deployed two', 'deploy one'], false]);
    await search.more();
    expect(w.asked()).toHaveLength(2);
  });

  it('stays in a room where that is asked for, and understands filters', async () => {
    const w = await world();
    const inRoom = w.open({ roomId: 1 });
    inRoom.type('from:bob');
    const filtered = w.open();
    filtered.type('in:"release notes" -three is:pinned');
    await w.clock.advance(1_000);
    expect(shown(inRoom)).toEqual(['staging three', 'deploy one']);
    expect(shown(filtered)).toEqual([]);
    w.server.run(BOB, 'pin_message', { room_id: 2, message_id: w.posted[1]?.id });
    void filtered.submit();
    await w.clock.advance(1_000);
    expect(shown(filtered)).toEqual(['deployed two']);
  });

  it('shows a hit that was edited as it is now, and drops one that was deleted', async () => {
    const w = await world();
    const search = w.open();
    search.type('deploy');
    await w.clock.advance(1_000);
    w.server.run(BOB, 'edit_message', { room_id: 1, message_id: w.posted[0]?.id, content: 'other words' });
    w.server.run(BOB, 'delete_message', { room_id: 2, message_id: w.posted[1]?.id });
    await w.clock.advance(1_000);
    expect(search.view.hits).toMatchObject([{ message: { content: 'other words' }, ranges: [] }]);
  });

  it('drops the hits of a room that one is removed from', async () => {
    const w = await world();
    const search = w.open();
    search.type('deploy');
    await w.clock.advance(1_000);
    w.server.remove(2, ANN);
    await w.clock.advance(1_000);
    expect(shown(search)).toEqual(['deploy one']);
  });

  it('says why a page did not come, and reads the same one again when asked', async () => {
    const w = await world();
    const search = w.open();
    w.network.sockets = 'refused';
    w.network.http = 'down';
    w.network.open.forEach((socket) => socket.serverClose(1006));
    await w.clock.advance(30_000);
    search.type('deploy');
    await w.clock.advance(30_000);
    expect(search.view).toMatchObject({ isLoading: false, error: { code: 'offline' }, hits: [] });
    w.network.sockets = 'none';
    w.network.http = 'none';
    // At once: nothing has noticed yet that the network is back.
    const more = search.more();
    await w.clock.advance(1_000);
    await more;
    expect(search.view.error).toBeNull();
    expect(shown(search)).toEqual(['deployed two', 'deploy one']);
  });

  it('asks for nothing where nothing is typed, or after it is closed', async () => {
    const w = await world();
    const search = w.open();
    search.type('deploy');
    await w.clock.advance(1_000);
    search.type('  ');
    await w.clock.advance(1_000);
    expect(search.view).toMatchObject({ query: '  ', hits: [], hasMore: false });
    search.type('staging');
    search.close();
    await w.clock.advance(1_000);
    expect(w.asked()).toEqual(['deploy']);
  });
});

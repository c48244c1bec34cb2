import { describe, expect, it } from 'vitest';
import { Refusal } from '../src/testing/index.ts';
import { ANN, BOB, liveWorld, type World } from './world.ts';

const many = (count: number) => ({
  before: (server: World['server']): void => {
    for (let i = 1; i <= count; i++) server.post(1, BOB, `m${i}`);
  },
});
const numbers = (w: World): number[] => w.texts(1).map((text) => Number(text.slice(1)));
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function opened(count: number, around?: number): Promise<World> {
  const w = await liveWorld({}, many(count).before);
  if (around !== undefined) {
    w.chat.closeRoom(1);
    void w.chat.openRoom(1, { around });
    await w.clock.advance(100);
  }
  return w;
}

describe('a room', () => {
  it('opens at its newest page and grows both ways without a hole', async () => {
    const w = await opened(200, 100);
    expect(numbers(w)).toEqual(range(75, 124));
    // Where the unread messages begin is not known from here.
    expect(w.chat.getTimeline(1)).toMatchObject({ hasOlder: true, hasNewer: true, firstUnreadSeq: null });
    void w.chat.loadOlder(1);
    expect(w.chat.getTimeline(1).loading).toBe('older');
    await w.clock.advance(100);
    void w.chat.loadNewer(1);
    await w.clock.advance(100);
    expect(numbers(w)).toEqual(range(25, 174));
    void w.chat.loadNewer(1);
    await w.clock.advance(100);
    expect(w.chat.getTimeline(1)).toMatchObject({ hasNewer: false, loading: null });
    w.server.post(1, BOB, 'm201');
    await w.clock.advance(100);
    expect(numbers(w)).toEqual(range(25, 201));
  });

  it('does not add new messages to an old window, and jumps to the latest', async () => {
    const w = await opened(200, 50);
    w.server.post(1, BOB, 'm201');
    await w.clock.advance(100);
    expect(numbers(w).at(-1)).toBe(74);
    void w.chat.jumpToLatest(1);
    await w.clock.advance(100);
    expect(numbers(w)).toEqual(range(152, 201));
    expect(w.chat.getTimeline(1).hasNewer).toBe(false);
  });

  it('detects that a page around a recent message ends at the newest', async () => {
    const w = await opened(200, 195);
    expect(w.chat.getTimeline(1).hasNewer).toBe(false);
  });

  it('is not loaded twice, nor where the messages are held', async () => {
    const w = await opened(20);
    const said = w.network.said.length;
    void w.chat.openRoom(1);
    void w.chat.openRoom(1, { around: 10 });
    void w.chat.loadOlder(1);
    await w.clock.advance(100);
    expect(w.network.said.length).toBe(said);
  });

  it('shows why loading failed, and loads by itself when a transport works again', async () => {
    const w = await opened(20);
    w.chat.closeRoom(1);
    w.network.sockets = 'refused';
    w.network.http = 'down';
    w.network.closeAll(1006);
    await w.clock.advance(100);
    void w.chat.openRoom(1);
    await w.clock.advance(10_000);
    expect(w.chat.getTimeline(1)).toMatchObject({ messages: [], loading: null, error: { code: 'network' } });
    w.network.sockets = 'none';
    w.network.http = 'none';
    await w.clock.advance(31_000);
    expect(w.chat.getTimeline(1)).toMatchObject({ error: null, messages: { length: 20 } });
  });

  it('loads again after a server error on a working link', async () => {
    const w = await opened(20);
    w.chat.closeRoom(1);
    w.network.refuseNext = new Refusal('unavailable');
    void w.chat.openRoom(1);
    await w.clock.advance(100);
    expect(w.chat.getTimeline(1)).toMatchObject({ messages: [], error: { code: 'unavailable' } });
    await w.clock.advance(11_000);
    expect(w.chat.getTimeline(1)).toMatchObject({ error: null, messages: { length: 20 } });
  });

  it('shows an error to a person who is not a member', async () => {
    const w = await liveWorld({}, (server) => server.createRoom([BOB], 'group', 'closed'));
    void w.chat.openRoom(2);
    await w.clock.advance(100);
    expect(w.chat.getTimeline(2)).toMatchObject({ error: { code: 'not_a_member' }, messages: [] });
  });

  it('may be opened before the room list has it', async () => {
    const w = await liveWorld({}, many(5).before);
    await w.chat.disconnect();
    w.server.createRoom([ANN, BOB], 'group', 'later');
    w.server.post(2, BOB, 'm1');
    w.chat.connect();
    void w.chat.openRoom(2);
    w.server.post(2, BOB, 'm2');
    await w.clock.advance(3_000);
    expect(w.texts(2)).toEqual(['m1', 'm2']);
  });
});

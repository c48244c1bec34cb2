import { describe, expect, it } from 'vitest';
import { toJson, wellFormed } from '../src/json.ts';
import { deliverOutbox } from '../src/worker/index.ts';
import { ANN, Browser } from './tabs/browser.ts';
import { liveWorld, world } from './world.ts';

const HALVES = ['\ud83d', '\udc4d', 'a\ud800b', '\udc4d\ud83d', '\ud83d\ud83d\udc4d', 'end\udbff'];

describe('lone surrogates', () => {
  it('become U+FFFD; pairs and everything else stay', () => {
    expect(HALVES.map(wellFormed)).toEqual(['\ufffd', '\ufffd', 'a\ufffdb', '\ufffd\ufffd', '\ufffd👍', 'end\ufffd']);
    for (const whole of ['', 'plain', '👩‍👩‍👧', '\u0000\u202e\ufeff', '\\ud800']) expect(wellFormed(whole)).toBe(whole);
  });

  it('are replaced at any depth; numbers, booleans and null stay', () => {
    const frame = { type: 'x', id: 1, on: true, none: null, gone: undefined, list: [{ text: 'a\ud800' }] };
    expect(JSON.parse(toJson(frame))).toEqual({ type: 'x', id: 1, on: true, none: null, list: [{ text: 'a\ufffd' }] });
    for (const half of HALVES) expect(toJson({ half })).not.toMatch(/\\ud[89a-f]/);
  });

  it.each(['websocket', 'rest'] as const)('are replaced in every command, by %s', async (method) => {
    const w = method === 'websocket' ? await liveWorld() : world();
    if (method === 'rest') {
      w.network.sockets = 'refused';
      w.chat.connect();
      await w.clock.advance(2_000);
    }
    void w.chat.sendChatMessage(1, 'half \ud83d');
    await w.clock.advance(1_000);
    const created = w.chat.command('create_room', { kind: 'channel', name: 'n\ud800' });
    await w.clock.advance(1_000);
    const { room } = await created;
    expect(room.name).toBe('n\ufffd');
    expect([...(w.server.rooms.get(1)?.messages.values() ?? [])].map(({ content }) => content)).toEqual([
      'half \ufffd',
    ]);
    expect(w.chat.getSnapshot().outbox).toMatchObject({ waiting: 0, failed: 0 });
  });

  it('are replaced by the service worker as well', async () => {
    const { clock, network, storage, locks, server } = new Browser();
    const item = { id: 'a', userId: ANN, roomId: 1, content: 'a\ud800', replyTo: null, attachments: [] };
    await storage.put({ ...item, createdAt: clock.now(), state: 'queued', error: null });
    const worker = locks.of({ gate: (run: () => unknown) => run() } as never);
    const done = deliverOutbox({
      baseUrl: 'http://memory',
      storage,
      locks: worker,
      fetch: network.fetch,
      now: () => clock.now(),
    });
    await clock.advance(1_000);
    expect(await done).toBe('done');
    expect([...(server.rooms.get(1)?.messages.values() ?? [])].map(({ content }) => content)).toEqual(['a\ufffd']);
  });
});

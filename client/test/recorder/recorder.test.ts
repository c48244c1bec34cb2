import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/commands.ts';
import { createFullChat } from '../../src/full.ts';
import { memoryStorage } from '../../src/outboxStorage.ts';
import type { Report } from '../../src/protocol.ts';
import { createRecorder, type RecorderStorage } from '../../src/recorder/index.ts';
import { FakeClock, MemoryNetwork, MemoryServer } from '../../src/testing/index.ts';
import type { FetchLike, HostFact, WebSocketConstructor } from '../../src/types.ts';

const ANN = 1;
const BOB = 2;

/** A clock that jumps while no timer runs, as when a device sleeps. */
class SleepyClock extends FakeClock {
  #slept = 0;

  override now(): number {
    return super.now() + this.#slept;
  }

  sleep(ms: number): void {
    this.#slept += ms;
  }
}

/** One person's client with a recorder, on a network in memory, whose server takes reports. */
function recorded(storage: RecorderStorage | (() => never) = kept()) {
  const clock = new SleepyClock();
  const server = new MemoryServer(clock, ['ann', 'bob']);
  server.createRoom([ANN, BOB]);
  const network = new MemoryNetwork(server, ANN);
  const reports: Report[] = [];
  const addresses: string[] = [];
  const listeners = new Set<(fact: HostFact) => void>();
  const host = { say: (fact: HostFact) => listeners.forEach((listener) => listener(fact)), reports: 200 };
  const fetch: FetchLike = async (url, init) => {
    if (!url.endsWith('/api/report')) return network.fetch(url, init);
    if (network.http !== 'none') throw new TypeError('fetch failed');
    reports.push(JSON.parse(init?.body as string) as Report);
    return new Response('{}', { status: host.reports });
  };
  const WebSocket = function (url: string) {
    addresses.push(url);
    return new network.WebSocket(url.replace(/[?].*/, ''));
  } as never as WebSocketConstructor;
  const recorder = createRecorder(
    {
      client: { name: 'test', version: '1' },
      baseUrl: 'http://memory',
      fetch,
      WebSocket,
      storage: memoryStorage(),
      clock,
      random: () => 0.5,
      events: {
        isOnline: () => true,
        subscribe(listener) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
      commands: COMMANDS,
    },
    typeof storage === 'function' ? storage : () => storage,
  );
  const chat = createFullChat(recorder.options, recorder.feature);
  return { clock, server, network, chat, reports, addresses, host };
}

function kept(): RecorderStorage & { readonly held: Map<string, string> } {
  const held = new Map<string, string>();
  return {
    held,
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => void held.set(key, value),
    removeItem: (key) => void held.delete(key),
  };
}

const attemptsOf = (reports: readonly Report[]) => reports.flatMap(({ attempts }) => attempts ?? []);

describe('the flight recorder', () => {
  it('names each attempt in its handshake, and reports how far it came', async () => {
    const w = recorded();
    w.network.sockets = 'mute';
    w.chat.connect();
    await w.clock.advance(10_000);
    const [first] = attemptsOf(w.reports);
    expect(first).toMatchObject({ ended: 'timeout', http: true, hidden: false });
    expect(w.addresses[0]).toBe(`ws://memory/ws?a=${first?.id}`);
    expect(first?.id).toMatch(/^[0-9a-f]{16}$/);
    expect(first?.took).toHaveLength(1);
  });

  it('reports an attempt that was refused within ten seconds, and no more often than that', async () => {
    const w = recorded();
    w.network.sockets = 'refused';
    w.chat.connect();
    await w.clock.advance(10_000);
    expect(attemptsOf(w.reports)[0]).toMatchObject({ took: [], ended: 'closed', code: 1006 });
    await w.clock.advance(60_000);
    expect(w.reports.length).toBeLessThan(10);
    const ids = attemptsOf(w.reports).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('waits until HTTP works, and forgets nothing meanwhile', async () => {
    const w = recorded();
    w.chat.connect();
    await w.clock.advance(5_000);
    w.network.sockets = 'refused';
    w.network.http = 'down';
    w.network.closeAll(1006);
    await w.clock.advance(30_000);
    expect(w.reports).toEqual([]);
    w.network.http = 'none';
    await w.clock.advance(60_000);
    const attempts = attemptsOf(w.reports);
    expect(attempts[0]).toMatchObject({ ended: 'closed', code: 1006 });
    expect(attempts[0]?.took).toHaveLength(4);
    expect(attempts[1]).toMatchObject({ took: [], http: false });
  });

  it('reports over HTTP though nothing has asked for it since the WebSocket is back', async () => {
    const w = recorded();
    w.chat.connect();
    await w.clock.advance(5_000);
    w.network.sockets = 'refused';
    w.network.http = 'down';
    w.network.closeAll(1006);
    await w.clock.advance(10_000);
    w.network.sockets = 'none';
    await w.clock.advance(12_000);
    expect(w.reports).toEqual([]);
    w.network.http = 'none';
    await w.clock.advance(60_000);
    expect(w.network.open.size).toBe(1);
    expect(attemptsOf(w.reports).some(({ http }) => http === false)).toBe(true);
  });

  it('knows a device that slept from a network that failed', async () => {
    const w = recorded();
    w.chat.connect();
    await w.clock.advance(5_000);
    w.clock.sleep(600_000);
    w.network.sockets = 'refused';
    w.network.closeAll(1006);
    await w.clock.advance(20_000);
    expect(attemptsOf(w.reports)[0]?.slept).toBeGreaterThan(500_000);
  });

  it('counts deliveries, sends and round trips', async () => {
    const w = recorded();
    w.chat.connect();
    await w.clock.advance(5_000);
    w.server.post(1, BOB, 'hello');
    await w.clock.advance(1_000);
    await Promise.all([w.chat.sendChatMessage(1, 'a secret'), w.clock.advance(1_000)]);
    await w.clock.advance(300_000);
    const count = (kind: 'delivery' | 'send' | 'rtt'): number =>
      w.reports.flatMap(({ websocket }) => websocket?.[kind] ?? []).reduce((sum, each) => sum + each, 0);
    expect([count('delivery'), count('send'), count('rtt')]).toEqual([1, 1, 1]);
  });

  it('says in each pong how far this client has come', async () => {
    const w = recorded();
    w.chat.connect();
    await w.clock.advance(5_000);
    const { seq } = w.server.post(1, BOB, 'hello');
    await w.clock.advance(31_000);
    const pongs = w.network.said.filter(({ type }) => type === 'pong');
    expect(pongs.at(-1)).toEqual({ type: 'pong', seen: { 1: seq } });
  });

  it('says nothing of it to an older server, which would refuse it', async () => {
    const w = recorded();
    const hello = w.server.hello.bind(w.server);
    w.server.hello = (user) => ({ ...hello(user), server: { version: '0' } });
    w.chat.connect();
    await w.clock.advance(5_000);
    w.server.post(1, BOB, 'hello');
    await w.clock.advance(31_000);
    expect(w.network.said.filter(({ type }) => type === 'pong')).toEqual([{ type: 'pong' }]);
  });

  it('contains no content, and no room', async () => {
    const w = recorded();
    w.chat.connect();
    await w.clock.advance(5_000);
    await Promise.all([w.chat.sendChatMessage(1, 'a secret'), w.clock.advance(1_000)]);
    w.network.sockets = 'refused';
    w.network.closeAll(1006);
    await w.clock.advance(10_000);
    await w.chat.reportProblem();
    const report = w.reports.at(-1);
    expect(report?.why).toBe('person');
    expect(report?.recorder?.some((line) => line.includes('connection from=opening'))).toBe(true);
    expect(JSON.stringify(w.reports)).not.toMatch(/secret|ann|bob|room/);
  });

  it('sends its lines when the operator asks, also while nothing works but HTTP', async () => {
    const w = recorded();
    w.chat.connect();
    await w.clock.advance(5_000);
    w.network.say({ type: 'please_report' });
    await w.clock.advance(1_000);
    expect(w.reports.at(-1)).toMatchObject({ why: 'asked', transport: 'websocket' });
    w.network.sockets = 'refused';
    w.network.closeAll(1006);
    await w.clock.advance(5_000);
    w.server.listeners.forEach((each) => each.receive({ type: 'please_report' }));
    await w.clock.advance(1_000);
    expect(w.reports.at(-1)).toMatchObject({ why: 'asked', transport: 'http' });
    expect(w.reports.at(-1)?.recorder?.length).toBeGreaterThan(5);
  });

  it('knows when the last sign of the server came, and how long the answer to a ping took', async () => {
    const w = recorded();
    expect(w.chat.lastSign()).toEqual({ at: null, took: null });
    w.chat.connect();
    await w.clock.advance(5_000);
    const { at, took } = w.chat.lastSign();
    expect(took).toBeGreaterThan(0);
    await w.clock.advance(31_000);
    expect(w.chat.lastSign().at).toBeGreaterThan(at ?? Number.POSITIVE_INFINITY);
    expect(w.chat.lastSign().took).toBe(took);
  });

  it('keeps the last 512 lines', async () => {
    const w = recorded();
    w.network.sockets = 'refused';
    w.chat.connect();
    for (let n = 0; n < 600; n++) w.host.say('wake');
    expect(w.chat.recording()).toHaveLength(512);
  });

  it('stops where the server takes no reports', async () => {
    const w = recorded();
    w.host.reports = 404;
    w.network.sockets = 'refused';
    w.chat.connect();
    await w.clock.advance(300_000);
    expect(w.reports).toHaveLength(1);
  });

  it('never keeps a message from being sent', async () => {
    const w = recorded();
    w.host.reports = 500;
    w.network.sockets = 'refused';
    w.chat.connect();
    await w.clock.advance(5_000);
    const [{ method }] = await Promise.all([w.chat.sendChatMessage(1, 'hello'), w.clock.advance(5_000)]);
    expect(method).toBe('rest');
  });

  it('goes on where the page before it stopped', async () => {
    const storage = kept();
    storage.held.set(
      'backchannel recorder',
      JSON.stringify([
        [{ at: 0, text: 'before' }],
        [{ id: null, took: [], ended: 'closed', lived: 5, at: Date.UTC(2026, 0, 1) }],
      ]),
    );
    const w = recorded(storage);
    w.chat.connect();
    await w.clock.advance(70_000);
    expect(w.chat.recording()[0]).toMatch(/ before$/);
    expect(attemptsOf(w.reports)[0]).toMatchObject({ lived: 5 });
  });

  it('records where storage is denied, which throws where it is only named', async () => {
    const w = recorded(() => {
      throw new DOMException('denied', 'SecurityError');
    });
    w.network.sockets = 'refused';
    w.chat.connect();
    await w.clock.advance(70_000);
    globalThis.window?.dispatchEvent(new Event('pagehide'));
    expect(attemptsOf(w.reports).length).toBeGreaterThan(0);
  });
});

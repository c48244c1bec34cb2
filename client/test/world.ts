/** One person's client on a network in memory, with another person on the same server. */
import { COMMANDS } from '../src/commands.ts';
import { createFullChat } from '../src/full.ts';
import { memoryStorage } from '../src/outboxStorage.ts';
import { FakeClock, MemoryNetwork, MemoryServer } from '../src/testing/index.ts';
import type { Chat, ChatOptions, HostFact, LogEntry } from '../src/types.ts';

export const ANN = 1;
export const BOB = 2;

export interface World {
  readonly clock: FakeClock;
  readonly server: MemoryServer;
  readonly network: MemoryNetwork;
  readonly chat: Chat;
  readonly log: LogEntry[];
  /** The host reports a fact. */
  host(fact: HostFact): void;
  /** Whether the host believes to be online. */
  online: boolean;
  texts(roomId: number): string[];
}

/** Ann and Bob in room 1 of a server, and Ann's network. */
export function annAndBob() {
  const clock = new FakeClock();
  const server = new MemoryServer(clock, ['ann', 'bob']);
  server.createRoom([ANN, BOB]);
  return { clock, server, network: new MemoryNetwork(server, ANN) };
}

/** A chat of Ann's on her network, with nothing left to chance. */
export function optionsOn(network: MemoryNetwork) {
  return {
    client: { name: 'test', version: '1' },
    baseUrl: 'http://memory',
    fetch: network.fetch,
    WebSocket: network.WebSocket,
    storage: memoryStorage(),
    clock: network.server.clock,
    random: () => 0.5,
  };
}

/** Connect by a proven WebSocket, and open room 1. */
export async function live(chat: Pick<Chat, 'connect' | 'openRoom'>, clock: FakeClock): Promise<void> {
  chat.connect();
  await clock.advance(1_000);
  void chat.openRoom(1);
  await clock.advance(1_000);
}

export function world(options: Partial<ChatOptions> = {}, before?: (server: MemoryServer) => void): World {
  const { clock, server, network } = annAndBob();
  before?.(server);
  const listeners = new Set<(fact: HostFact) => void>();
  const log: LogEntry[] = [];
  const chat = createFullChat({
    ...optionsOn(network),
    events: {
      isOnline: () => made.online,
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    log: (entry) => log.push(entry),
    commands: COMMANDS,
    ...options,
  });
  const made: World = {
    clock,
    server,
    network,
    chat,
    log,
    online: true,
    host: (fact) => listeners.forEach((listener) => listener(fact)),
    texts: (roomId) => chat.getTimeline(roomId).messages.map((message) => message.content),
  };
  return made;
}

/** Connected by a proven WebSocket, room 1 open. */
export async function liveWorld(
  options: Partial<ChatOptions> = {},
  before?: (server: MemoryServer) => void,
): Promise<World> {
  const made = world(options, before);
  await live(made.chat, made.clock);
  return made;
}

/**
 * A browser with several tabs: its locks and channels, and tabs that freeze, hang, crash and are closed.
 *
 * A frozen tab runs nothing: what its timers, sockets, requests, channels and locks have for it waits
 * until it thaws, while the server and the other tabs go on. Words between tabs may be lost or doubled.
 */
import { COMMANDS } from '../../src/commands.ts';
import { createFullChat } from '../../src/full.ts';
import { memoryStorage } from '../../src/outboxStorage.ts';
import { type SharedTabs, shareTabs, type TabsHost } from '../../src/tabs/index.ts';
import { FakeClock, MemoryNetwork, MemoryServer } from '../../src/testing/index.ts';
import type { Chat, Clock, FetchLike, HostFact, OutboxStorage, WebSocketLike } from '../../src/types.ts';

export const ANN = 1;
export const BOB = 2;

interface Waiting {
  readonly tab: Tab;
  grant(): void;
}

interface Held {
  readonly tab: Tab;
  rob(): void;
}

/** Web Locks, exclusive ones, with stealing. */
class Locks {
  readonly #held = new Map<string, Held>();
  readonly #queue = new Map<string, Waiting[]>();

  of(tab: Tab): Pick<LockManager, 'request' | 'query'> {
    const request = (name: string, ...args: unknown[]): Promise<unknown> => {
      const run = args.at(-1) as (lock: object) => unknown;
      const { signal, steal } = (args.length > 1 ? args[0] : {}) as { signal?: AbortSignal; steal?: boolean };
      return new Promise((resolve, reject) => {
        const aborted = (): void => reject(new DOMException('aborted', 'AbortError'));
        const waiting: Waiting = {
          tab,
          grant: () => {
            const held: Held = { tab, rob: () => tab.gate(aborted) };
            this.#held.set(name, held);
            const free = (): void => {
              if (this.#held.get(name) !== held) return;
              this.#held.delete(name);
              this.#next(name);
            };
            tab.gate(async () => {
              try {
                resolve(await run({ name }));
              } catch (error) {
                reject(error);
              }
              free();
            });
          },
        };
        if (steal) {
          const robbed = this.#held.get(name);
          waiting.grant();
          robbed?.rob();
          return;
        }
        this.#queue.set(name, [...(this.#queue.get(name) ?? []), waiting]);
        signal?.addEventListener('abort', () => {
          this.#queue.set(
            name,
            this.#waiting(name).filter((each) => each !== waiting),
          );
          aborted();
        });
        queueMicrotask(() => this.#next(name));
      });
    };
    const query = async (): Promise<LockManagerSnapshot> => ({
      held: [...this.#held.keys()].map((name) => ({ name, mode: 'exclusive' as const, clientId: '' })),
    });
    return { request, query };
  }

  /** Who holds one of these, by the name's beginning. */
  holders(start: string): Tab[] {
    return [...this.#held].filter(([name]) => name.startsWith(start)).map(([, held]) => held.tab);
  }

  gone(tab: Tab): void {
    for (const [name, waiting] of this.#queue)
      this.#queue.set(
        name,
        waiting.filter((each) => each.tab !== tab),
      );
    for (const [name, held] of this.#held) {
      if (held.tab !== tab) continue;
      this.#held.delete(name);
      this.#next(name);
    }
  }

  #waiting(name: string): Waiting[] {
    return this.#queue.get(name) ?? [];
  }

  #next(name: string): void {
    if (this.#held.has(name)) return;
    const [first, ...rest] = this.#waiting(name);
    this.#queue.set(name, rest);
    first?.grant();
  }
}

class Channel {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly name: string;
  readonly tab: Tab;

  constructor(tab: Tab, name: string) {
    this.tab = tab;
    this.name = name;
    tab.browser.channels.add(this);
  }

  postMessage(data: unknown): void {
    const { browser } = this.tab;
    for (const other of browser.channels) {
      if (other === this || other.name !== this.name) continue;
      for (let copy = 0; copy < browser.copies(); copy++) {
        const word = structuredClone(data);
        browser.clock.setTimeout(() => other.tab.gate(() => other.onmessage?.({ data: word })), 1);
      }
    }
  }

  close(): void {
    this.onmessage = null;
    this.tab.browser.channels.delete(this);
  }
}

export class Browser {
  readonly clock = new FakeClock();
  readonly server = new MemoryServer(this.clock, ['ann', 'bob']);
  readonly network: MemoryNetwork;
  readonly locks = new Locks();
  readonly channels = new Set<Channel>();
  readonly storage: OutboxStorage = memoryStorage();
  readonly tabs: Tab[] = [];
  hasLocks = true;
  /** How often the next word between tabs arrives. */
  copies: () => number = () => 1;

  constructor() {
    this.server.createRoom([ANN, BOB]);
    this.network = new MemoryNetwork(this.server, ANN);
  }

  open(options: { readonly userId?: number; readonly build?: string; readonly visible?: boolean } = {}): Tab {
    const tab = new Tab(this, options);
    this.tabs.push(tab);
    return tab;
  }

  /** So many tabs, connected, with room 1 open; the first leads. */
  static async with(count: number): Promise<[Browser, ...Tab[]]> {
    const browser = new Browser();
    for (let n = 0; n < count; n++) {
      const tab = browser.open();
      await browser.clock.advance(1_000);
      void tab.chat.openRoom(1);
      await browser.clock.advance(1_000);
    }
    return [browser, ...browser.tabs];
  }

  get leaders(): Tab[] {
    return this.tabs.filter((tab) => tab.shared.leads && !tab.isGone);
  }
}

export class Tab {
  readonly browser: Browser;
  readonly shared: SharedTabs;
  readonly chat: Chat;
  visible: boolean;
  isGone = false;
  /** Every status shown. */
  readonly shown: string[] = [];
  #frozen = false;
  #late: (() => void)[] = [];
  readonly #sockets = new Set<WebSocketLike>();
  readonly #host = new Set<(fact: 'leave' | 'seen') => void>();
  readonly #facts = new Set<(fact: HostFact) => void>();

  constructor(
    browser: Browser,
    { userId = ANN, build = 'b1', visible = true }: { userId?: number; build?: string; visible?: boolean },
  ) {
    this.browser = browser;
    this.visible = visible;
    const host: TabsHost = {
      locks: browser.hasLocks ? browser.locks.of(this) : null,
      openChannel: (name) => new Channel(this, name) as unknown as BroadcastChannel,
      isVisible: () => this.visible,
      subscribe: (listener) => {
        this.#host.add(listener);
        return () => this.#host.delete(listener);
      },
    };
    this.shared = shareTabs({
      commands: COMMANDS,
      userId,
      build,
      host,
      client: { name: 'test', version: '1' },
      baseUrl: 'http://memory',
      storage: browser.storage,
      clock: this.#clock(),
      random: () => 0.5,
      fetch: this.#fetch(),
      WebSocket: this.#socketClass(),
      events: {
        isOnline: () => true,
        subscribe: (listener) => {
          this.#facts.add(listener);
          return () => this.#facts.delete(listener);
        },
      },
    });
    this.chat = createFullChat(this.shared.options);
    this.chat.subscribe(() => {
      const { status } = this.chat.getSnapshot().connection;
      if (this.shown.at(-1) !== status) this.shown.push(status);
    });
    this.chat.connect();
  }

  get status(): string {
    return this.chat.getSnapshot().connection.status;
  }

  texts(roomId = 1): string[] {
    return this.chat.getTimeline(roomId).messages.map((message) => message.content);
  }

  show(visible: boolean): void {
    this.visible = visible;
    if (visible) this.gate(() => this.#host.forEach((listener) => listener('seen')));
  }

  gate(run: () => unknown): void {
    if (this.isGone) return;
    if (this.#frozen) this.#late.push(() => void run());
    else run();
  }

  /** It hangs, or the browser froze it without a word. */
  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    const late = this.#late;
    this.#late = [];
    for (const run of late) this.gate(run);
  }

  /** The browser announces that it freezes the page, or puts it into the back/forward cache. */
  putAside(): void {
    this.gate(() => this.#host.forEach((listener) => listener('leave')));
    this.freeze();
  }

  bringBack(): void {
    this.thaw();
    this.gate(() => this.#facts.forEach((listener) => listener('wake')));
  }

  /** Closed or crashed: no good-bye. */
  crash(): void {
    this.isGone = true;
    this.#sockets.forEach((socket) => socket.close());
    for (const channel of this.browser.channels) if (channel.tab === this) channel.close();
    this.browser.locks.gone(this);
  }

  // ── what reaches a tab only while it runs ─────────────────────────────────────────────────

  #clock(): Clock {
    const { clock } = this.browser;
    return {
      now: () => clock.now(),
      setTimeout: (run, delay_ms) => clock.setTimeout(() => this.gate(run), delay_ms),
      clearTimeout: (handle) => clock.clearTimeout(handle),
    };
  }

  #fetch(): FetchLike {
    return (url, init) =>
      new Promise((resolve, reject) => {
        this.browser.network.fetch(url, init).then(
          (response) => this.gate(() => resolve(response)),
          (error: Error) => this.gate(() => reject(error)),
        );
      });
  }

  #socketClass(): new (url: string) => WebSocketLike {
    return socketClass(this, this.#sockets);
  }
}

/** The network's sockets, which receive only while the tab runs. */
function socketClass(tab: Tab, sockets: Set<WebSocketLike>): new (url: string) => WebSocketLike {
  return class {
    onopen: ((event: never) => void) | null = null;
    onmessage: ((event: never) => void) | null = null;
    onclose: ((event: never) => void) | null = null;
    onerror = null;
    readonly #socket: WebSocketLike;

    constructor(url: string) {
      this.#socket = new tab.browser.network.WebSocket(url);
      sockets.add(this.#socket);
      this.#socket.onopen = (event) => tab.gate(() => this.onopen?.(event));
      this.#socket.onmessage = (event) => tab.gate(() => this.onmessage?.(event));
      this.#socket.onclose = (event) => tab.gate(() => this.onclose?.(event));
    }

    get readyState(): number {
      return this.#socket.readyState;
    }

    send(text: string): void {
      this.#socket.send(text);
    }

    close(): void {
      this.#socket.close();
    }
  };
}

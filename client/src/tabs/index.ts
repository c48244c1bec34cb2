/**
 * @backchannel/client/tabs: several tabs of one person share one connection and one outbox.
 *
 *   const tabs = shareTabs({ client, userId: 24, build: '1.4.2' });
 *   const chat = createChat(tabs.options);
 *
 * For pages that sign in by session cookie. Where the browser lacks locks or channels each tab
 * connects for itself, as without this module.
 */
import { browserEvents } from '../browser.ts';
import { resolveEnvironment } from '../environment.ts';
import { defaultStorage, inTime, memoryStorage } from '../outboxStorage.ts';
import { type MessageId, PROTOCOL, type RoomId, type UserId } from '../protocol.ts';
import type { ChatOptions, OutboxItem, SentItem } from '../types.ts';
import { browserHost, type TabsHost } from './host.ts';
import { ownedStorage } from './ownedStorage.ts';
import { TabCoordinator } from './tabCoordinator.ts';

export type { TabsHost } from './host.ts';

export interface ShareOptions extends Omit<ChatOptions, 'auth' | 'webSocketAcceptsHeaders'> {
  /** Who is signed in: tabs of another person never share. */
  readonly userId: UserId;
  /** Names this build of the page: tabs of another build never share. */
  readonly build: string;
  /** Locks, channel and page life; default: the browser's. */
  readonly host?: TabsHost;
}

export interface SharedTabs {
  /** Make the tab's chat with these. */
  readonly options: ChatOptions;
  /** True in exactly one tab: the one for work that must be done once, such as notifying. */
  readonly leads: boolean;
  /** The room in view in this tab; null: none, or the person is away. */
  look(roomId: RoomId | null): void;
  /** Whether the room is in view in any tab. */
  isLookedAt(roomId: RoomId): boolean;
  /** How many of this person's messages the device keeps unsent, in all tabs together. */
  unsent(): Promise<number>;
  /** Those messages, and changes of messages, oldest first. */
  unsentItems(): Promise<readonly OutboxItem[]>;
  /** Makes an unsent item of another tab this tab's, to be retried or discarded here. False where that tab keeps it. */
  take(id: MessageId): Promise<boolean>;
  /** Erases this person's unsent messages from the device; after `disconnect()`. False where the device does not answer. */
  wipe(): Promise<boolean>;
}

export function shareTabs({ userId, build, host = browserHost(), ...options }: ShareOptions): SharedTabs {
  const env = resolveEnvironment({ events: browserEvents(), ...options });
  const { baseUrl, clock, client } = env;
  const id = client.instance;
  const base = options.storage ?? defaultStorage(baseUrl);
  // Each tab keeps what it sent. With a storage of the caller's own, the device's is not used.
  const sentStorage =
    options.sentStorage ?? (options.storage ? memoryStorage<SentItem>() : defaultStorage<SentItem>(baseUrl, 'sent'));
  const WebSocket = options.WebSocket ?? globalThis.WebSocket;
  const owned =
    host.locks && ownedStorage(base, host.locks, { name: `backchannel ${baseUrl} outbox`, userId, tab: id });
  const tabs = new TabCoordinator({
    host,
    clock,
    name: `backchannel ${baseUrl} ${userId} ${PROTOCOL} ${build}`,
    userId,
    id,
    client,
    fetch: env.fetch,
    WebSocket,
    events: env.events,
    log: env.log,
    ticked: () => owned?.adopt(),
    left: () => owned?.disown(),
    give: async (id, to) => (await owned?.give(id, to)) ?? false,
    receive: async (id) => (await owned?.receive(id)) ?? false,
  });
  const mine = async () => (await base.load()).filter((item) => item.userId === userId);
  const shown = async () => (await mine()).filter(({ change }) => !change?.undo).sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    options: { ...options, ...tabs.options, userId, instance: id, storage: owned ?? base, sentStorage },
    get leads() {
      return tabs.leads;
    },
    look: (roomId) => tabs.look(roomId),
    isLookedAt: (roomId) => tabs.isLookedAt(roomId),
    unsent: async () => (await shown()).length,
    unsentItems: shown,
    async take(id) {
      return owned !== null && ((await owned.receive(id)) || tabs.take(id));
    },
    wipe: () =>
      inTime(
        clock,
        mine().then((items) => base.remove(items.map(({ id }) => id))),
      ),
  };
}

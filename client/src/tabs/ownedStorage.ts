/**
 * The outbox of several tabs: one store, and for each message one tab that sends it.
 *
 * A message belongs to the tab it was typed in for as long as that tab lives, which a lock held by the tab
 * shows: the browser releases it when the tab is closed or crashes. Messages of such a tab have no owner;
 * one tab adopts them, under another lock, so that two never adopt the same. The service worker adopts by
 * the same rule. (A message that is sent twice is still stored once: its id is the key.)
 */
import type { MessageId, UserId } from '../protocol.ts';
import type { OutboxItem, OutboxStorage } from '../types.ts';

type Locks = Pick<LockManager, 'request' | 'query'>;
type Owned = OutboxItem & { readonly tab?: string };

export interface OwnedStorage extends OutboxStorage {
  /** Adopts the messages of tabs that are gone; the outbox receives them by `subscribe`. */
  adopt(): Promise<void>;
  /** This tab may be frozen: others may adopt its messages. Any call makes it an owner again. */
  disown(): void;
  /** Hands an item of this tab over to another one, which takes it by `receive`. False where it is not this tab's. */
  give(id: MessageId, to: string): Promise<boolean>;
  /** Takes an item that another tab handed over, or that has no owner. True where it is this tab's now. */
  receive(id: MessageId): Promise<boolean>;
}

export function ownedStorage(
  base: OutboxStorage,
  locks: Locks,
  { name, userId, tab }: { readonly name: string; readonly userId: UserId; readonly tab: string },
): OwnedStorage {
  let living: Promise<void> | null = null;
  let release = (): void => {};
  let listener: (items: readonly OutboxItem[]) => void = () => {};
  let releaseItem: (id: MessageId) => boolean = () => false;
  let last = new Set<string | undefined>();
  const lockOf = (owner: string): string => `${name} tab ${owner}`;

  const live = (): Promise<void> => {
    living ??= new Promise((resolve) => {
      void locks.request(lockOf(tab), () => {
        resolve();
        return new Promise<void>((free) => {
          release = free;
        });
      });
    });
    return living;
  };

  const owners = async (): Promise<Set<string | undefined>> =>
    new Set((await locks.query()).held?.map((lock) => lock.name));

  const takeOver = async (): Promise<OutboxItem[]> => {
    await live();
    return locks.request(`${name} adopt`, async () => {
      const items: readonly Owned[] = await base.load();
      last = await owners();
      const left = items.filter((item) => item.userId === userId && !(item.tab && last.has(lockOf(item.tab))));
      for (const item of left) await base.put({ ...item, tab } as Owned);
      return left;
    });
  };

  return {
    load: takeOver,
    async put(item) {
      await live();
      await base.put({ ...item, tab } as Owned);
    },
    remove: (ids) => base.remove(ids),
    subscribe(listen, releaseOne) {
      listener = listen;
      releaseItem = releaseOne;
    },
    async give(id, to) {
      if (!releaseItem(id)) return false;
      const item = (await base.load()).find((each) => each.id === id);
      if (item) await base.put({ ...item, tab: to } as Owned);
      return item !== undefined;
    },
    async receive(id) {
      // Items without an owner come along.
      const left = await takeOver();
      const given = (await base.load()).filter((item: Owned) => item.id === id && item.tab === tab);
      listener([...left, ...given]);
      return given.length > 0;
    },
    async adopt() {
      const now = await owners();
      const gone = [...last].some((lock) => !now.has(lock));
      last = now;
      if (!gone) return;
      const left = await takeOver();
      if (left.length > 0) listener(left);
    },
    disown() {
      release();
      living = null;
    },
  };
}

/**
 * The outbox of several tabs: one store, and for each message one tab that sends it.
 *
 * A message belongs to the tab it was typed in for as long as that tab lives, which a lock held by the tab
 * shows: the browser releases it when the tab is closed or crashes. Messages of such a tab have no owner;
 * one tab adopts them, under another lock, so that two never adopt the same. The service worker adopts by
 * the same rule. (A message that is sent twice is still stored once: its id is the key.)
 *
 * A message is in the memory of the tab that sends it, and in the store, which names that tab. Either may be behind the other when
 * a tab crashes or the store fails. So a living tab also adopts what the store names its own and it never had; and it adopts again
 * at the next look where it could not.
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
  /** Hands an item of this tab over to another one, which takes it by `receive`. False where it is not this tab's, or stays so. */
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
  /** What this tab's outbox has, or had. */
  const own = new Set<MessageId>();
  /** Adopting has begun and not succeeded. */
  let isUnsure = false;
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

  const alone = <T>(work: () => Promise<T>): Promise<T> => locks.request(`${name} adopt`, work) as Promise<T>;

  const takeOver = async (): Promise<OutboxItem[]> => {
    isUnsure = true;
    await live();
    return alone(async () => {
      const items: readonly Owned[] = await base.load();
      last = await owners();
      for (const item of items) if (item.tab !== tab) own.delete(item.id);
      const isLeft = ({ id, tab: owner = '' }: Owned): boolean =>
        owner === tab ? !own.has(id) : !last.has(lockOf(owner));
      const left = items.filter((item) => item.userId === userId && isLeft(item));
      for (const item of left) await base.put({ ...item, tab } as Owned);
      for (const { id } of left) own.add(id);
      isUnsure = false;
      return left;
    });
  };

  return {
    load: takeOver,
    async put(item) {
      own.add(item.id);
      await live();
      await base.put({ ...item, tab } as Owned);
    },
    remove: (ids) => base.remove(ids),
    subscribe(listen, releaseOne) {
      listener = listen;
      releaseItem = releaseOne;
    },
    give: (id, to) =>
      alone(async () => {
        const item = (await base.load()).find((each) => each.id === id);
        if (!item || !releaseItem(id)) return false;
        // If the other tab is gone before it has received the item, this one adopts it.
        last.add(lockOf(to));
        try {
          await base.put({ ...item, tab: to } as Owned);
        } catch {
          listener([item]);
          return false;
        }
        own.delete(id);
        return true;
      }),
    async receive(id) {
      // Items without an owner come along.
      listener(await takeOver());
      return own.has(id);
    },
    async adopt() {
      const now = await owners();
      const gone = [...last].some((lock) => !now.has(lock));
      last = now;
      if (!gone && !isUnsure) return;
      const left = await takeOver();
      if (left.length > 0) listener(left);
    },
    disown() {
      release();
      living = null;
    },
  };
}

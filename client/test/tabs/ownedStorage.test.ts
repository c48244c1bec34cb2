import { describe, expect, it } from 'vitest';
import { memoryStorage } from '../../src/outboxStorage.ts';
import { ownedStorage } from '../../src/tabs/ownedStorage.ts';
import type { OutboxItem, OutboxStorage } from '../../src/types.ts';
import { Browser, type Tab } from './browser.ts';

const item = (id: string, userId = 1): OutboxItem => ({
  id,
  userId,
  roomId: 1,
  content: id,
  replyTo: null,
  attachments: [],
  createdAt: 0,
  state: 'queued',
  error: null,
});
const ids = (items: readonly OutboxItem[]): string[] => items.map(({ id }) => id);

function world() {
  const { locks } = new Browser();
  const base = memoryStorage();
  const open = (tab: string) => {
    const here = { gate: (run: () => unknown) => run() } as unknown as Tab;
    const storage = ownedStorage(base, locks.of(here), { name: 'outbox', userId: 1, tab });
    return { storage, close: () => locks.gone(here) };
  };
  return { base, open };
}

/** The ids that a tab adopts. */
function adoptedBy(storage: OutboxStorage): string[] {
  const adopted: string[] = [];
  storage.subscribe?.(
    (items) => adopted.push(...ids(items)),
    () => false,
  );
  return adopted;
}

/**
 * One tab hands a message over to another, and what breaks at step `at`: a tab, or (once) a call of the store, before or after its work.
 * `held`: what the outboxes of the living tabs have once those have looked again; of the next visit, if there are none.
 */
async function handOver(cut: 'giver' | 'taker' | 'both' | 'store', at: number) {
  const { locks } = new Browser();
  const base = memoryStorage();
  let steps = 0;
  let counting = false;

  const step = async (tab: { isGone: boolean }): Promise<void> => {
    if (counting && ++steps === at) {
      if (cut === 'store') throw new Error('The store failed.');
      if (cut !== 'taker') giver.crash();
      if (cut !== 'giver') taker.crash();
    }
    if (tab.isGone) await new Promise(() => {});
  };

  function open(name: string) {
    const held = new Set<string>();
    const tab = { isGone: false, gate: (run: () => unknown) => (tab.isGone ? undefined : run()) };
    const stepped =
      <A extends unknown[], R>(work: (...given: A) => Promise<R>) =>
      async (...given: A): Promise<R> => {
        await step(tab);
        const done = await work(...given);
        await step(tab);
        return done;
      };
    const store = { load: stepped(base.load), put: stepped(base.put), remove: stepped(base.remove) };
    const storage = ownedStorage(store, locks.of(tab as unknown as Tab), { name: 'outbox', userId: 1, tab: name });
    storage.subscribe?.(
      (items) => items.forEach(({ id }) => held.add(id)),
      (id) => held.delete(id),
    );
    const crash = (): void => {
      tab.isGone = true;
      locks.gone(tab as unknown as Tab);
    };
    return { name, tab, held, storage, crash };
  }

  const giver = open('giver');
  const taker = open('taker');
  await giver.storage.load();
  await giver.storage.put(item('a'));
  giver.held.add('a');
  await taker.storage.load();

  counting = true;
  const handing = (async () => {
    await step(giver.tab);
    if (!(await giver.storage.give('a', 'taker'))) return;
    await step(taker.tab);
    await taker.storage.receive('a');
    await step(taker.tab);
  })().catch(() => {});
  // A tab that crashed never goes on. Nothing here waits for a timer, so by the next task everything else is done.
  await Promise.race([handing, new Promise((resolve) => setTimeout(resolve))]);
  counting = false;

  let living = [giver, taker].filter(({ tab }) => !tab.isGone);
  if (living.length === 0) {
    const next = open('next');
    for (const { id } of await next.storage.load()) next.held.add(id);
    living = [next];
  }
  for (const { storage } of [...living, ...living]) await storage.adopt();
  const held = Object.fromEntries(living.map((each) => [each.name, [...each.held]]));
  return { reached: steps >= at, held, stored: ids(await base.load()) };
}

describe('the owner of a message', () => {
  it('messages of an earlier visit are loaded by one of two tabs', async () => {
    const { base, open } = world();
    await base.put(item('a'));
    const loaded = await Promise.all([open('one').storage.load(), open('two').storage.load()]);
    expect(loaded.flatMap(ids)).toEqual(['a']);
  });

  it('messages of a living tab stay with it', async () => {
    const { open } = world();
    await open('one').storage.put(item('a'));
    expect(await open('two').storage.load()).toEqual([]);
  });

  it('messages of a closed tab are adopted by another, which receives them', async () => {
    const { open } = world();
    const one = open('one');
    const two = open('two');
    await one.storage.put(item('a'));
    await two.storage.load();
    const adopted = adoptedBy(two.storage);
    await two.storage.adopt();
    expect(adopted).toEqual([]);
    one.close();
    await two.storage.adopt();
    expect(adopted).toEqual(['a']);
  });

  it('messages of a frozen tab may be adopted, and it is an owner again with its next message', async () => {
    const { open } = world();
    const one = open('one');
    await one.storage.put(item('a'));
    one.storage.disown();
    const two = open('two');
    expect(ids(await two.storage.load())).toEqual(['a']);
    await one.storage.put(item('b'));
    expect(await open('three').storage.load()).toEqual([]);
  });

  it('a message that is handed over is in a living tab, wherever a tab crashes or the store fails', async () => {
    for (const cut of ['giver', 'taker', 'both', 'store'] as const) {
      let cuts = 0;
      for (let at = 1; ; at++) {
        const { reached, held, stored } = await handOver(cut, at);
        if (!reached) {
          expect(held).toEqual({ giver: [], taker: ['a'] });
          break;
        }
        cuts++;
        expect([cut, at, Object.values(held).flat().includes('a'), stored]).toEqual([cut, at, true, ['a']]);
      }
      expect(cuts).toBeGreaterThanOrEqual(8);
    }
  });

  it('another person’s message is not adopted', async () => {
    const { base, open } = world();
    await base.put(item('a', 2));
    expect(await open('one').storage.load()).toEqual([]);
    expect(ids(await base.load())).toEqual(['a']);
  });
});

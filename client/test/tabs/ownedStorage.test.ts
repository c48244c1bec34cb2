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

  it('another person’s message is not adopted', async () => {
    const { base, open } = world();
    await base.put(item('a', 2));
    expect(await open('one').storage.load()).toEqual([]);
    expect(ids(await base.load())).toEqual(['a']);
  });
});

import { describe, expect, it } from 'vitest';
import { deviceName, keepSubscribed, type Manager } from '../../src/features/notifications/pushSubscription.ts';

const PAGE = 'https://chat.example/';

/** A browser and a server that write down what they are asked for. `held`: the key of the subscription that is there. */
function world(key: string | null, held: string | null = null) {
  const done: string[] = [];
  const subscription = (by: string) => ({
    endpoint: `https://push.example/${by}`,
    options: { applicationServerKey: Uint8Array.from(atob(by), (each) => each.charCodeAt(0)).buffer },
    toJSON: () => ({ keys: {} }),
    unsubscribe: async () => {
      done.push(`browser: leave ${by}`);
      return true;
    },
  });
  const manager: Manager = {
    getSubscription: async () => (held === null ? null : subscription(held)),
    subscribe: async ({ applicationServerKey }) => {
      done.push(`browser: subscribe ${applicationServerKey}`);
      return subscription(applicationServerKey);
    },
  };
  const server = {
    getPushKey: async () => key,
    subscribePush: async (device: string, { endpoint }: { endpoint: string }) => {
      done.push(`server: ${device} at ${endpoint}`);
    },
    unsubscribePush: async (device: string) => {
      done.push(`server: not ${device}`);
    },
  };
  return { done, keep: (isWanted: boolean) => keepSubscribed(server, manager, 'dev', PAGE, isWanted) };
}

describe('a browser whose user wants notifications', () => {
  it('subscribes, and says so to the server', async () => {
    const w = world('AAAA');
    await w.keep(true);
    expect(w.done).toEqual(['browser: subscribe AAAA', 'server: dev at https://push.example/AAAA']);
  });

  it('says so again at the next start, without another subscription', async () => {
    const w = world('AAAA', 'AAAA');
    await w.keep(true);
    expect(w.done).toEqual(['server: dev at https://push.example/AAAA']);
  });

  it('subscribes by the new key of a server that was set up again', async () => {
    const w = world('BBBB', 'AAAA');
    await w.keep(true);
    expect(w.done).toEqual([
      'browser: leave AAAA',
      'browser: subscribe BBBB',
      'server: dev at https://push.example/BBBB',
    ]);
  });

  it('leaves where the server sends nothing any more', async () => {
    const w = world(null, 'AAAA');
    await w.keep(true);
    expect(w.done).toEqual(['browser: leave AAAA', 'server: not dev']);
  });
});

describe('a browser whose user wants none', () => {
  it('leaves, and says so to the server', async () => {
    const w = world('AAAA', 'AAAA');
    await w.keep(false);
    expect(w.done).toEqual(['browser: leave AAAA', 'server: not dev']);
  });

  it('asks for nothing where it never subscribed', async () => {
    const w = world('AAAA');
    await w.keep(false);
    expect(w.done).toEqual([]);
  });
});

describe('the name of a browser', () => {
  it('is made when it is wanted, and stays the same', () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
    expect(deviceName(storage, false)).toBeNull();
    const name = deviceName(storage, true);
    expect(name).toMatch(/^[A-Za-z0-9_-]{8,64}$/);
    expect(deviceName(storage, false)).toBe(name);
    expect(deviceName(storage, true)).toBe(name);
  });

  it('is none without storage', () => {
    const storage = {
      getItem: () => null,
      setItem: () => {
        throw new Error('full');
      },
    };
    expect(deviceName(storage, true)).toBeNull();
  });
});

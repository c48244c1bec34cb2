import { describe, expect, it } from 'vitest';
import { ANN, BOB, Browser, type Tab } from './browser.ts';

const polls = ({ network }: Browser): number =>
  network.requests.filter(({ path, body }) => path.endsWith('/api/sync') && Number(body.wait) > 0).length;

async function saysTo(browser: Browser, ...tabs: Tab[]): Promise<void> {
  const before = tabs[0]?.texts().length ?? 0;
  browser.server.post(1, BOB, `word ${before}`);
  await browser.clock.advance(1_000);
  for (const tab of tabs) expect(tab.texts()).toEqual([...(tabs[0] as Tab).texts()]);
  expect(tabs[0]?.texts()).toHaveLength(before + 1);
}

describe('one connection', () => {
  it('three tabs have one socket, and no poll waits', async () => {
    const [browser, one, two, three] = await Browser.with(3);
    expect(browser.network.open.size).toBe(1);
    expect([one, two, three].map((tab) => tab?.status)).toEqual(['connected', 'connected', 'connected']);
    expect(browser.leaders).toEqual([one]);
    const before = browser.network.requests.length;
    await saysTo(browser, one as Tab, two as Tab, three as Tab);
    await browser.clock.advance(120_000);
    await saysTo(browser, one as Tab, two as Tab, three as Tab);
    expect(browser.network.requests.length).toBe(before);
    expect(polls(browser)).toBe(0);
  });

  it('a follower sends over the socket of the leader, and gets the answer alone', async () => {
    const [browser, one, two] = await Browser.with(2);
    const sent = two?.chat.sendChatMessage(1, 'from the second');
    await browser.clock.advance(500);
    expect(await sent).toMatchObject({ method: 'websocket', message: { content: 'from the second', seq: 1 } });
    expect(one?.texts()).toEqual(['from the second']);
    expect(two?.texts()).toEqual(['from the second']);
    const both = Promise.all([one, two].map((tab) => (tab as Tab).chat.command('get_room', { room_id: 1 })));
    await browser.clock.advance(500);
    expect(await both).toMatchObject([{ room: { id: 1 } }, { room: { id: 1 } }]);
  });

  it('answers commands of the same name each to its own tab', async () => {
    const [browser, one, two] = await Browser.with(2);
    browser.server.createRoom([ANN, BOB], 'group', 'second');
    await browser.clock.advance(500);
    const asked = [one, two].map((tab, index) => (tab as Tab).chat.command('get_room', { room_id: index + 1 }));
    await browser.clock.advance(500);
    expect(await Promise.all(asked)).toMatchObject([{ room: { id: 1 } }, { room: { id: 2 } }]);
  });

  it('a refusal reaches the tab that asked', async () => {
    const [browser, , two] = await Browser.with(2);
    const refused = two?.chat.command('get_room', { room_id: 99 }).catch((error: unknown) => error);
    await browser.clock.advance(500);
    expect(await refused).toMatchObject({ code: 'room_not_found' });
  });

  it('a tab that joins gets the people who are present', async () => {
    const [browser] = await Browser.with(1);
    browser.network.say({ type: 'presence', user_id: BOB, state: 'online' });
    await browser.clock.advance(100);
    const late = browser.open();
    await browser.clock.advance(1_000);
    expect(late.chat.getSnapshot().presence).toEqual({ [BOB]: 'online' });
  });

  it('a person is away only if every tab reports it', async () => {
    const [browser, one, two] = await Browser.with(2);
    const states = (): unknown[] =>
      browser.network.said.filter((frame) => frame.type === 'set_presence').map((frame) => frame.state);
    one?.chat.setPresence('away');
    await browser.clock.advance(5_000);
    expect(states()).toEqual([]);
    two?.show(false);
    two?.chat.setPresence('away');
    await browser.clock.advance(5_000);
    expect(states()).toEqual(['away']);
    two?.show(true);
    two?.chat.setPresence('online');
    await browser.clock.advance(5_000);
    expect(states()).toEqual(['away', 'online']);
  });
});

describe('presence without a socket', () => {
  it('is sent once for all tabs', async () => {
    const [browser, one, two] = await Browser.with(2);
    browser.network.sockets = 'refused';
    browser.network.closeAll(1006);
    await browser.clock.advance(20_000);
    const states = (): unknown[] =>
      browser.network.requests.filter(({ path }) => path.endsWith('/api/presence')).map(({ body }) => body.state);
    one?.chat.setPresence('away');
    await browser.clock.advance(1_000);
    expect(states()).toEqual([]);
    one?.chat.setPresence('online');
    two?.show(false);
    two?.chat.setPresence('away');
    await browser.clock.advance(1_000);
    expect(states()).toEqual(['online']);
    one?.chat.setPresence('away');
    await browser.clock.advance(1_000);
    expect(states()).toEqual(['online', 'away']);
  });

  it('a tab whose person is away stays so with the next leader', async () => {
    const [browser, one, two, three] = await Browser.with(3);
    for (const tab of [two, three]) {
      tab?.show(false);
      tab?.chat.setPresence('away');
    }
    one?.crash();
    await browser.clock.advance(5_000);
    const states = browser.network.said.filter((frame) => frame.type === 'set_presence').map((frame) => frame.state);
    expect(states).toEqual(['away']);
  });
});

describe('the leader leaves', () => {
  it.each(['closed', 'put aside'])('%s: another takes over without a gap, and no tab turns red', async (how) => {
    const [browser, one, two, three] = await Browser.with(3);
    if (how === 'closed') one?.crash();
    else one?.putAside();
    browser.server.post(1, BOB, 'in between');
    await browser.clock.advance(3_000);
    expect(browser.network.open.size).toBe(1);
    await saysTo(browser, two as Tab, three as Tab);
    expect(two?.texts()).toEqual(['in between', 'word 1']);
    for (const tab of [two, three]) {
      expect(tab?.status).toBe('connected');
      expect(tab?.shown).not.toContain('error');
    }
  });

  it('hangs: a visible tab steals the lock, and the former leader follows when it wakes', async () => {
    const [browser, one, two] = await Browser.with(2);
    one?.freeze();
    browser.server.post(1, BOB, 'unheard');
    await browser.clock.advance(10_000);
    expect(two?.shared.leads).toBe(true);
    expect(two?.texts()).toEqual(['unheard']);
    expect(two?.status).toBe('connected');
    one?.thaw();
    await browser.clock.advance(5_000);
    expect(browser.leaders).toEqual([two]);
    expect(browser.network.open.size).toBe(1);
    await saysTo(browser, one as Tab, two as Tab);
    expect(one?.status).toBe('connected');
  });

  it('hangs while no tab is visible: the lock is not stolen', async () => {
    const [browser, one, two] = await Browser.with(2);
    two?.show(false);
    one?.freeze();
    await browser.clock.advance(30_000);
    expect(two?.shared.leads).toBe(false);
    two?.show(true);
    await browser.clock.advance(10_000);
    expect(two?.shared.leads).toBe(true);
  });

  it('comes back from the back/forward cache, and follows', async () => {
    const [browser, one, two] = await Browser.with(2);
    one?.putAside();
    expect(browser.network.open.size).toBe(0);
    await browser.clock.advance(3_000);
    browser.server.post(1, BOB, 'meanwhile');
    await browser.clock.advance(1_000);
    one?.bringBack();
    await browser.clock.advance(3_000);
    expect(one?.texts()).toEqual(['meanwhile']);
    expect(one?.status).toBe('connected');
    expect(browser.leaders).toEqual([two]);
  });

  it('disconnects: the others continue', async () => {
    const [browser, one, two] = await Browser.with(2);
    await one?.chat.disconnect();
    await browser.clock.advance(3_000);
    expect(browser.leaders).toEqual([two]);
    await saysTo(browser, two as Tab);
  });
});

describe('without a WebSocket', () => {
  it('one poll waits for all tabs, and all get its frames', async () => {
    const browser = new Browser();
    browser.network.sockets = 'refused';
    const tabs = [browser.open(), browser.open(), browser.open()];
    await browser.clock.advance(2_000);
    for (const tab of tabs) void tab.chat.openRoom(1);
    await browser.clock.advance(5_000);
    const before = polls(browser);
    await saysTo(browser, ...tabs);
    await saysTo(browser, ...tabs);
    expect(tabs.map((tab) => tab.status)).toEqual(['disconnected', 'disconnected', 'disconnected']);
    expect(polls(browser) - before).toBeLessThanOrEqual(3);
  });

  it('all return to the socket together', async () => {
    const [browser, one, two] = await Browser.with(2);
    browser.network.sockets = 'refused';
    browser.network.closeAll(1006);
    await browser.clock.advance(20_000);
    expect([one?.status, two?.status]).toEqual(['disconnected', 'disconnected']);
    browser.network.sockets = 'none';
    one?.chat.retryNow();
    await browser.clock.advance(2_000);
    expect([one?.status, two?.status]).toEqual(['connected', 'connected']);
    expect(browser.network.open.size).toBe(1);
  });

  it('a server that is down turns every tab red, and no poll is made up', async () => {
    const [browser, one, two] = await Browser.with(2);
    browser.network.sockets = 'refused';
    browser.network.http = 'down';
    browser.network.closeAll(1006);
    await browser.clock.advance(20_000);
    expect([one?.status, two?.status]).toEqual(['error', 'error']);
    browser.network.http = browser.network.sockets = 'none';
    await browser.clock.advance(60_000);
    expect([one?.status, two?.status]).toEqual(['connected', 'connected']);
  });
});

describe('never mixes', () => {
  it('another build has a connection of its own', async () => {
    const [browser] = await Browser.with(1);
    const other = browser.open({ build: 'b2' });
    await browser.clock.advance(2_000);
    expect(other.shared.leads).toBe(true);
    expect(browser.network.open.size).toBe(2);
  });

  it('another person has a connection of their own, and receives nothing of the first', async () => {
    const [browser, one] = await Browser.with(1);
    browser.network.user = browser.server.users.get(BOB) as never;
    const other = browser.open({ userId: BOB });
    await browser.clock.advance(2_000);
    expect(other.chat.getSnapshot().user?.id).toBe(BOB);
    expect(one?.chat.getSnapshot().user?.id).toBe(ANN);
    expect(browser.network.open.size).toBe(2);
  });

  it("a message typed before another person's hello is not sent as theirs", async () => {
    const browser = new Browser();
    const tab = browser.open({ userId: BOB });
    void tab.chat.sendChatMessage(1, 'meant to be from bob');
    await browser.clock.advance(30_000);
    expect(browser.server.rooms.get(1)?.messages.size).toBe(0);
    expect(await tab.shared.unsentItems()).toMatchObject([{ userId: BOB, content: 'meant to be from bob' }]);
  });

  it('a tab whose cookie became another person leaves the others', async () => {
    const [browser, one] = await Browser.with(1);
    browser.network.user = browser.server.users.get(BOB) as never;
    const late = browser.open();
    await browser.clock.advance(3_000);
    expect(late.chat.getSnapshot().user?.id).toBe(BOB);
    expect(one?.chat.getSnapshot().user?.id).toBe(ANN);
  });

  it('without locks each tab connects for itself', async () => {
    const browser = new Browser();
    browser.hasLocks = false;
    const tabs = [browser.open(), browser.open()];
    await browser.clock.advance(2_000);
    for (const tab of tabs) void tab.chat.openRoom(1);
    await browser.clock.advance(1_000);
    expect(browser.network.open.size).toBe(2);
    await saysTo(browser, ...tabs);
  });
});

describe('waiting for a person', () => {
  it('the session ends for all tabs, and signing in again connects', async () => {
    const [browser, one, two] = await Browser.with(2);
    browser.network.http = 401;
    browser.network.closeAll(4401);
    await browser.clock.advance(2_000);
    for (const tab of [one, two]) expect(tab?.chat.getSnapshot().connection.reason).toBe('signed_out');
    browser.network.http = 'none';
    two?.chat.connect();
    await browser.clock.advance(3_000);
    expect(two?.status).toBe('connected');
    expect(browser.leaders).toEqual([two]);
    one?.chat.connect();
    await browser.clock.advance(3_000);
    expect(one?.status).toBe('connected');
    expect(browser.network.open.size).toBe(1);
  });

  it('a replaced leader stops, and another takes over', async () => {
    const [browser, one, two] = await Browser.with(2);
    browser.network.closeAll(4409);
    await browser.clock.advance(3_000);
    expect(one?.chat.getSnapshot().connection.reason).toBe('superseded');
    expect(two?.status).toBe('connected');
    expect(browser.leaders).toEqual([two]);
  });
});

describe('the outbox', () => {
  const sends = (browser: Browser): number =>
    browser.network.said.filter((frame) => frame.type === 'send_message').length +
    browser.network.requests.filter(({ path }) => path.endsWith('/messages')).length;

  it('is sent by one tab', async () => {
    const [browser, one] = await Browser.with(1);
    browser.network.sockets = 'refused';
    browser.network.http = 'down';
    browser.network.closeAll(1006);
    void one?.chat.sendChatMessage(1, 'written offline');
    await browser.clock.advance(5_000);
    const late = browser.open();
    await browser.clock.advance(5_000);
    browser.network.http = browser.network.sockets = 'none';
    const before = sends(browser);
    await browser.clock.advance(60_000);
    void late.chat.openRoom(1);
    await browser.clock.advance(1_000);
    expect(sends(browser) - before).toBe(1);
    expect(one?.texts()).toEqual(['written offline']);
    expect(late.texts()).toEqual(['written offline']);
  });

  it('of a closed tab is sent by another, once', async () => {
    const [browser, one, two, three] = await Browser.with(3);
    browser.network.sockets = 'refused';
    browser.network.http = 'down';
    browser.network.closeAll(1006);
    void three?.chat.sendChatMessage(1, 'left behind');
    await browser.clock.advance(5_000);
    three?.crash();
    await browser.clock.advance(5_000);
    expect(one?.chat.getTimeline(1).pending.map((item) => item.content)).toEqual(['left behind']);
    expect(two?.chat.getTimeline(1).pending).toEqual([]);
    browser.network.http = browser.network.sockets = 'none';
    await browser.clock.advance(60_000);
    expect(one?.texts()).toEqual(['left behind']);
    expect(two?.texts()).toEqual(['left behind']);
    expect(one?.chat.getTimeline(1).pending).toEqual([]);
  });

  it('of a tab that crashed before its first hello is sent by another, once', async () => {
    const [browser, one] = await Browser.with(1);
    browser.network.http = 'down';
    browser.network.sockets = 'mute';
    const late = browser.open();
    expect(late.chat.getSnapshot().user).toBeNull();
    void late.chat.sendChatMessage(1, 'typed at once');
    await browser.clock.advance(5);
    late.crash();
    browser.network.http = browser.network.sockets = 'none';
    await browser.clock.advance(60_000);
    expect(one?.texts()).toEqual(['typed at once']);
    expect([...(browser.server.rooms.get(1)?.messages.values() ?? [])]).toHaveLength(1);
  });

  it('of another tab is shown in every tab, and can be taken over and deleted there', async () => {
    const [browser, one, two] = await Browser.with(2);
    Object.assign(browser.network, { sockets: 'refused', http: 'down' });
    browser.network.closeAll(1006);
    await browser.clock.advance(60_000);
    for (const text of ['a', 'b']) void one?.chat.sendChatMessage(1, text).catch(() => {});
    await browser.clock.advance(100);
    const seen = (await two?.shared.unsentItems()) ?? [];
    expect(seen.map((item) => item.content)).toEqual(['a', 'b']);
    expect(two?.chat.getUnsent()).toEqual([]);
    const id = seen[0]?.id as string;
    const taken = two?.shared.take(id);
    await browser.clock.advance(2_000);
    expect(await taken).toBe(true);
    expect(two?.chat.getUnsent()).toMatchObject([{ id, content: 'a', roomName: 'room' }]);
    expect(one?.chat.getUnsent()).toMatchObject([{ content: 'b' }]);
    two?.chat.discard(id);
    await browser.clock.advance(100);
    expect((await one?.shared.unsentItems())?.map((item) => item.content)).toEqual(['b']);
    Object.assign(browser.network, { sockets: 'none', http: 'none' });
    await browser.clock.advance(60_000);
    expect(two?.texts()).toEqual(['b']);
  });

  it('stays with a tab that does not answer', async () => {
    const [browser, one, two] = await Browser.with(2);
    Object.assign(browser.network, { sockets: 'refused', http: 'down' });
    browser.network.closeAll(1006);
    void one?.chat.sendChatMessage(1, 'a').catch(() => {});
    await browser.clock.advance(1_000);
    const [item] = (await two?.shared.unsentItems()) ?? [];
    one?.freeze();
    const taken = two?.shared.take(item?.id as string);
    await browser.clock.advance(2_000);
    expect(await taken).toBe(false);
    one?.thaw();
    await browser.clock.advance(100);
    expect([...(one?.chat.getUnsent() ?? []), ...(two?.chat.getUnsent() ?? [])]).toHaveLength(1);
  });

  it('is erased only for this person', async () => {
    const [browser, one] = await Browser.with(1);
    const item = {
      roomId: 1,
      content: 'x',
      replyTo: null,
      attachments: [],
      createdAt: 0,
      state: 'queued',
      error: null,
    };
    await browser.storage.put({ ...item, id: 'mine', userId: ANN } as never);
    await browser.storage.put({ ...item, id: 'hers', userId: BOB } as never);
    await one?.shared.wipe();
    expect((await browser.storage.load()).map(({ id }) => id)).toEqual(['hers']);
  });
});

describe('the room in view', () => {
  it('is known in every tab, and forgotten when the tab is gone', async () => {
    const [browser, one, two] = await Browser.with(2);
    two?.shared.look(1);
    await browser.clock.advance(100);
    expect(one?.shared.isLookedAt(1)).toBe(true);
    expect(one?.shared.isLookedAt(2)).toBe(false);
    await browser.clock.advance(60_000);
    expect(one?.shared.isLookedAt(1)).toBe(true);
    two?.crash();
    await browser.clock.advance(10_000);
    expect(one?.shared.isLookedAt(1)).toBe(false);
  });
});

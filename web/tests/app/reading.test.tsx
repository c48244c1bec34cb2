import { describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { ANN, BOB, CID, feed, frames, leftBelow, scrollUp, shown, somewhere, topOf, world } from './world.tsx';

const talk = (server: ReturnType<typeof world>['server'], count: number, from = BOB) => {
  for (let index = 1; index <= count; index += 1)
    server.post(1, from, `line ${index}${index % 3 ? '' : '\n\nand more of it'}`);
};
const readUpTo = (server: ReturnType<typeof world>['server']) => server.rooms.get(1)?.members.get(ANN)?.read;

describe('where the list stands', () => {
  it('opens at its end, and stays there as messages come', async () => {
    const { server, open } = world();
    talk(server, 120);
    server.run(ANN, 'mark_read', { room_id: 1, seq: 120 });
    const { list } = await open();
    await expect.element(list.getByText('line 119')).toBeVisible();
    await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
    server.post(1, BOB, 'the newest\n\n\nof all');
    await expect.element(list.getByText('the newest')).toBeVisible();
    await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
  });

  it('does not move under somebody who reads further up, and says what came', async () => {
    const { server, open } = world();
    talk(server, 60);
    server.run(ANN, 'mark_read', { room_id: 1, seq: 60 });
    const { screen, list } = await open();
    await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
    await expect.element(list.getByText('line 59')).toBeVisible();
    await vi.waitFor(() => expect(readUpTo(server)).toBe(60));
    scrollUp(700);
    await expect.element(screen.getByRole('button', { name: 'Latest' })).toBeVisible();
    // What is read between a drawing and the measuring of its rows was never painted.
    await vi.waitFor(() => expect(feed().getAttribute('aria-busy')).toBe('false'));
    await frames(3);
    const before = somewhere();
    server.post(1, BOB, 'quietly');
    server.post(1, CID, 'me too');
    await expect.element(screen.getByRole('button', { name: '2 new messages' })).toBeVisible();
    await frames(3);
    expect(topOf(before.id)).toBe(before.top);
    await screen.getByRole('button', { name: '2 new messages' }).click();
    await expect.element(list.getByText('me too')).toBeVisible();
  });

  it('older messages come in above without a jump', async () => {
    const { server, open } = world();
    talk(server, 300);
    server.run(ANN, 'mark_read', { room_id: 1, seq: 300 });
    const { list } = await open();
    await expect.element(list.getByText('line 299')).toBeVisible();
    await expect.element(list.getByText('line 250')).not.toBeInTheDocument();
    await vi.waitFor(() => expect(readUpTo(server)).toBe(300));
    // Half a screen at a time: between two scrolls nothing moves, though pages arrive.
    for (let turn = 0; turn < 40 && !shown().includes('line 200'); turn += 1) {
      scrollUp(300);
      await frames(3);
      const before = somewhere();
      await new Promise((resolve) => setTimeout(resolve, 80));
      expect(Math.abs(topOf(before.id) - before.top)).toBeLessThanOrEqual(2);
    }
    expect(shown()).toContain('line 200');
  });
});

it.each([0, 20, 90])('%i px from the very top, too, what is read stays while older messages come', async (fromTop) => {
  const { server, network, open } = world();
  for (let index = 1; index <= 200; index += 1)
    server.post(1, index % 2 ? BOB : CID, `line ${index}\n\nof\n\nsome\n\nheight`);
  server.run(ANN, 'mark_read', { room_id: 1, seq: 200 });
  const { list } = await open();
  await expect.element(list.getByText('line 199')).toBeVisible();
  await vi.waitFor(() => expect(readUpTo(server)).toBe(200));
  network.latency_ms = 300;
  scrollUp(feed().scrollTop - fromTop);
  await vi.waitFor(() => expect(feed().scrollTop).toBe(fromTop));
  await new Promise((resolve) => setTimeout(resolve, 150));
  const before = somewhere();
  await vi.waitFor(() => expect(feed().scrollTop).toBeGreaterThan(500), 5_000);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(Math.abs(topOf(before.id) - before.top)).toBeLessThanOrEqual(2);
});

describe('going to a message', () => {
  it('a quote leads to what it answers, also where that is not loaded', async () => {
    const { server, open } = world();
    const first = server.post(1, CID, 'the question of questions');
    talk(server, 150);
    server.post(1, BOB, 'forty-two', first.id);
    server.run(ANN, 'mark_read', { room_id: 1, seq: 152 });
    const { screen, list } = await open();
    await screen.getByRole('button', { name: /In reply to cid/ }).click();
    const answer = list.getByText('the question of questions', { exact: true }).last();
    await expect.element(answer).toBeInViewport();
    await screen.getByRole('button', { name: 'Latest' }).click();
    await expect.element(list.getByText('forty-two')).toBeInViewport();
    await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
  });
});

describe('unread', () => {
  it('the mark stands before the first unread message, and outlives the reading', async () => {
    const { server, open } = world();
    server.post(1, BOB, 'old');
    server.run(ANN, 'mark_read', { room_id: 1, seq: 1 });
    server.post(1, BOB, 'new one');
    server.post(1, CID, 'new two');
    const { screen } = await open('/rooms/2');
    await expect.element(screen.getByRole('link', { name: 'Channel first, 2 unread' })).toBeVisible();
    expect(document.title).toBe('(2) #second · Acme');
    await screen.getByRole('link', { name: /first/ }).click();
    await expect.element(screen.getByTestId('unread-line')).toBeVisible();
    await vi.waitFor(() => expect(readUpTo(server)).toBe(3));
    await vi.waitFor(() => expect(document.title).toBe('#first · Acme'));
    await expect.element(screen.getByTestId('unread-line')).toBeVisible();
  });

  it('is not read while the window is hidden', async () => {
    const { server, open } = world();
    const visible = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    server.post(1, BOB, 'psst');
    const { list } = await open();
    await expect.element(list.getByText('psst')).toBeVisible();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(readUpTo(server)).toBe(0);
    visible.mockRestore();
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.waitFor(() => expect(readUpTo(server)).toBe(1));
  });

  it('is told by the title of a page that is hidden, which gets no frames', async () => {
    const { server, open } = world();
    const { connected } = await open('/rooms/1');
    await connected();
    await vi.waitFor(() => expect(document.title).toBe('#first · Acme'));
    const spies = [
      vi.spyOn(document, 'hidden', 'get').mockReturnValue(true),
      vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden'),
      vi.spyOn(globalThis, 'requestAnimationFrame').mockReturnValue(0),
    ];
    document.dispatchEvent(new Event('visibilitychange'));
    for (const count of [1, 2, 3]) {
      server.post(1, BOB, `number ${count}`);
      await vi.waitFor(() => expect(document.title).toBe(`(${count}) #first · Acme`));
    }
    for (const spy of spies) spy.mockRestore();
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.waitFor(() => expect(document.title).toBe('#first · Acme'));
  });

  it('is never told of what is read as it comes', async () => {
    const { server, open } = world();
    server.post(1, BOB, 'before');
    const { list } = await open('/rooms/1');
    await expect.element(list.getByText('before')).toBeVisible();
    await vi.waitFor(() => expect(document.title).toBe('#first · Acme'));
    const titles = vi.spyOn(document, 'title', 'set');
    for (let count = 1; count <= 5; count += 1) {
      server.post(1, BOB, `number ${count}`);
      await expect.element(list.getByText(`number ${count}`)).toBeVisible();
    }
    await vi.waitFor(() => expect(readUpTo(server)).toBe(6));
    expect(titles).not.toHaveBeenCalled();
    titles.mockRestore();
  });

  it('a mention is told by more than colour', async () => {
    const { server, open } = world();
    server.post(1, BOB, 'what does @ann say?');
    const { screen } = await open('/rooms/2');
    await expect
      .element(screen.getByRole('link', { name: 'Channel first, 1 unread, 1 mentioning you' }))
      .toHaveTextContent('@');
  });
});

describe('for ears and keys', () => {
  it('new messages are announced once, by one region, a burst as a number', async () => {
    const { server, open } = world();
    server.post(1, BOB, 'before');
    const { screen, list } = await open();
    await expect.element(list.getByText('before')).toBeVisible();
    server.post(1, BOB, 'good morning');
    await expect.element(screen.getByTestId('announcer')).toHaveTextContent('bob: good morning');
    server.post(1, BOB, 'a');
    server.post(1, CID, 'b');
    await expect.element(screen.getByTestId('announcer')).toHaveTextContent('2 new messages');
    expect(feed().getAttribute('aria-live')).toBeNull();
  });

  it('the arrows walk through messages, Enter opens what can be done, Escape goes back to writing', async () => {
    const { server, open } = world();
    for (const text of ['one', 'two', 'three']) server.post(1, BOB, text);
    const { screen, list, composer } = await open();
    await expect.element(list.getByText('three')).toBeVisible();
    const rows = [...feed().querySelectorAll('article')];
    expect(rows.map((row) => row.tabIndex)).toEqual([-1, -1, 0]);
    rows[2]?.focus();
    await userEvent.keyboard('{ArrowUp}');
    await vi.waitFor(() => expect(document.activeElement).toBe(rows[1]));
    await userEvent.keyboard('{Enter}');
    await expect.element(screen.getByRole('menu', { name: 'Message' })).toBeVisible();
    await userEvent.keyboard('{Escape}');
    await expect.element(screen.getByRole('menu')).not.toBeInTheDocument();
    await vi.waitFor(() => expect(document.activeElement).toBe(rows[1]));
    await userEvent.keyboard('{Escape}');
    await expect.element(composer).toHaveFocus();
  });

  it('Ctrl+K finds a room by a few letters', async () => {
    const { open } = world();
    const { screen } = await open();
    await expect.element(screen.getByRole('heading', { name: 'first' })).toBeVisible();
    await userEvent.keyboard('{Control>}k{/Control}');
    await expect.element(screen.getByRole('combobox', { name: 'Jump to a room or person' })).toHaveFocus();
    await userEvent.keyboard('scnd{Enter}');
    await expect.element(screen.getByRole('heading', { name: 'second' })).toBeVisible();
    await userEvent.keyboard('{Alt>}{ArrowUp}{/Alt}');
    await expect.element(screen.getByRole('heading', { name: 'first' })).toBeVisible();
  });
});

it('one message draws no other row again', async () => {
  const { server, open } = world();
  for (const text of ['one', 'two', 'three']) server.post(1, BOB, text);
  const { list } = await open();
  await expect.element(list.getByText('three')).toBeVisible();
  await new Promise((resolve) => setTimeout(resolve, 400));
  const first = feed().querySelector('article') as HTMLElement;
  const touched = vi.fn<MutationCallback>();
  const observer = new MutationObserver(touched);
  observer.observe(first, { attributes: true, childList: true, characterData: true, subtree: true });
  server.post(1, CID, 'four');
  await expect.element(list.getByText('four')).toBeVisible();
  observer.disconnect();
  expect(touched).not.toHaveBeenCalled();
});

describe('a room with much unread', () => {
  async function much(count: number) {
    const made = world();
    talk(made.server, 80, CID);
    made.server.run(ANN, 'mark_read', { room_id: 1, seq: 80 });
    for (let index = 1; index <= count; index += 1) made.server.post(1, BOB, `new ${index}`);
    const opened = await made.open('/rooms/2');
    const go = (name: RegExp) => opened.screen.getByRole('link', { name }).click();
    await go(/first/);
    await expect.element(opened.list.getByText('new 1', { exact: true })).toBeInViewport();
    await vi.waitFor(() => expect(feed().getAttribute('aria-busy')).toBe('false'));
    await frames(5);
    return { ...made, ...opened, go };
  }
  const line = () => document.querySelector('[data-testid=unread-line]');

  it('opens at the first of them, with the mark before it, and is not read by that', async () => {
    const { server, screen, list } = await much(360);
    await expect.element(screen.getByTestId('unread-line')).toBeInViewport();
    await expect.element(list.getByText('line 80')).toBeInViewport();
    const rows = [...feed().querySelectorAll('article')];
    const next = rows.find(
      (row) => (line() as Element).compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING,
    );
    expect(next?.textContent).toMatch(/new 1$/);
    await expect.element(screen.getByTestId('unread-line')).toHaveTextContent('New · 99+');
    await expect.element(screen.getByRole('button', { name: '99+ new messages' })).toBeVisible();
    expect(readUpTo(server)).toBe(80);
  });

  it.each([0, 1, 30, 120])('does not drift when one comes back, with %i new messages meanwhile', async (news) => {
    const { server, go } = await much(360);
    for (const turn of [1, 2, 3]) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      const before = somewhere();
      await go(/second/);
      for (let index = 0; index < news; index += 1) server.post(1, CID, `loadLazyBundle ${turn} ${index}`);
      await go(/first/);
      await vi.waitFor(() => expect(feed()).not.toBeNull());
      await vi.waitFor(() => expect(Math.abs(topOf(before.id) - before.top)).toBeLessThanOrEqual(2));
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(Math.abs(topOf(before.id) - before.top)).toBeLessThanOrEqual(2);
    }
    expect(readUpTo(server)).toBe(80);
  });

  it.each([0, 30, 120, 300, 1_500].flatMap((wait_ms) => [40, 360].map((count) => [wait_ms, count] as const)))(
    'shows what one sends %i ms after opening it, %i unread',
    async (wait_ms, count) => {
      const { server, network, open } = world();
      talk(server, 80, CID);
      server.run(ANN, 'mark_read', { room_id: 1, seq: 80 });
      for (let index = 1; index <= count; index += 1) server.post(1, BOB, `new ${index}`);
      const { screen, list, composer, connected } = await open('/rooms/2');
      await connected();
      network.latency_ms = 100;
      await screen.getByRole('link', { name: /first/ }).click();
      await expect.element(composer).toHaveAttribute('aria-label', 'Message #first');
      await new Promise((resolve) => setTimeout(resolve, wait_ms));
      await composer.fill('my own word');
      await userEvent.keyboard('{Enter}');
      await expect.element(list.getByText('my own word')).toBeInViewport();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await expect.element(list.getByText('my own word')).toBeInViewport();
      await expect.element(list.getByText(`new ${count}`)).toBeInViewport();
      expect(leftBelow()).toBeLessThan(2);
    },
  );

  it('is left for the newest by one press, is read then, and is not offered again', async () => {
    const { server, screen, list, go } = await much(360);
    await screen.getByRole('button', { name: '99+ new messages' }).click();
    await expect.element(list.getByText('new 360')).toBeInViewport();
    await vi.waitFor(() => expect(readUpTo(server)).toBe(440));
    await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
    scrollUp(900);
    await expect.element(screen.getByRole('button', { name: 'Latest' })).toBeVisible();
    server.post(1, BOB, 'one more');
    await expect.element(screen.getByRole('button', { name: '1 new message', exact: true })).toBeVisible();
    await expect.element(screen.getByText(/99\+/)).not.toBeInTheDocument();
    await go(/second/);
    await go(/first/);
    await expect.element(screen.getByRole('button', { name: '1 new message', exact: true })).toBeVisible();
    await expect.element(screen.getByText(/99\+/)).not.toBeInTheDocument();
  });

  it('is read from page to page, each message once, up to its end', async () => {
    const { server, screen } = await much(130);
    const seen = new Set<string>();
    for (let turn = 0; turn < 80 && readUpTo(server) !== 210; turn += 1) {
      for (const text of shown()) if (text.startsWith('new ')) seen.add(text);
      scrollUp(-400);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    for (const text of shown()) if (text.startsWith('new ')) seen.add(text);
    expect(seen.size).toBe(130);
    await vi.waitFor(() => expect(readUpTo(server)).toBe(210));
    // All of it is held by now: the mark says how much it was.
    for (let turn = 0; turn < 80 && !line(); turn += 1) {
      scrollUp(400);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await expect.element(screen.getByTestId('unread-line')).toHaveTextContent('New · 130 messages');
  });
});

it('where one stood in each room is kept, and the end is the end', async () => {
  const { server, open } = world();
  for (const id of [1, 2]) {
    for (let index = 1; index <= 150; index += 1) server.post(id, BOB, `line ${index}${index % 3 ? '' : '\n\nmore'}`);
    server.run(ANN, 'mark_read', { room_id: id, seq: 150 });
  }
  const { screen, list } = await open();
  const go = (name: RegExp) => screen.getByRole('link', { name }).click();
  await expect.element(list.getByText('line 149')).toBeInViewport();
  await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
  await new Promise((resolve) => setTimeout(resolve, 300));
  scrollUp(1500);
  await vi.waitFor(() => expect(feed().getAttribute('aria-busy')).toBe('false'));
  await new Promise((resolve) => setTimeout(resolve, 400));
  const before = somewhere();
  await go(/second/);
  await expect.element(list.getByText('line 149')).toBeInViewport();
  await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
  server.post(1, CID, 'meanwhile');
  await go(/first/);
  await vi.waitFor(() => expect(Math.abs(topOf(before.id) - before.top)).toBeLessThanOrEqual(2));
  await expect.element(screen.getByRole('button', { name: '1 new message', exact: true })).toBeVisible();
  await go(/second/);
  await expect.element(list.getByText('line 149')).toBeInViewport();
  await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
});

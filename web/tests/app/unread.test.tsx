import { describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { ANN, BOB, CID, feed, frames, leftBelow, scrollUp, shown, somewhere, topOf, world } from './world.tsx';

const talk = (server: ReturnType<typeof world>['server'], count: number, from = BOB) => {
  for (let index = 1; index <= count; index += 1)
    server.post(1, from, `line ${index}${index % 3 ? '' : '\n\nand more of it'}`);
};
const readMarkOf = (server: ReturnType<typeof world>['server']) => server.rooms.get(1)?.members.get(ANN)?.read;

describe('unread', () => {
  it('the unread divider precedes the first unread message, and stays after reading', async () => {
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
    await vi.waitFor(() => expect(readMarkOf(server)).toBe(3));
    await vi.waitFor(() => expect(document.title).toBe('#first · Acme'));
    await expect.element(screen.getByTestId('unread-line')).toBeVisible();
  });

  it('a message is not marked as read while the window is hidden', async () => {
    const { server, open } = world();
    const visible = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    server.post(1, BOB, 'psst');
    const { list } = await open();
    await expect.element(list.getByText('psst')).toBeVisible();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(readMarkOf(server)).toBe(0);
    visible.mockRestore();
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.waitFor(() => expect(readMarkOf(server)).toBe(1));
  });

  it('the title of a hidden page, which gets no frames, shows the count', async () => {
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

  it('the count never includes messages that are read as they arrive', async () => {
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
    await vi.waitFor(() => expect(readMarkOf(server)).toBe(6));
    expect(titles).not.toHaveBeenCalled();
    titles.mockRestore();
  });

  it('a mention is marked by more than colour', async () => {
    const { server, open } = world();
    server.post(1, BOB, 'what does @ann say?');
    const { screen } = await open('/rooms/2');
    await expect
      .element(screen.getByRole('link', { name: 'Channel first, 1 unread, 1 mentioning you' }))
      .toHaveTextContent('@');
  });
});

describe('a room with many unread messages', () => {
  async function openWithUnread(count: number) {
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

  it('opens at the first of them, below the divider, without marking them as read', async () => {
    const { server, screen, list } = await openWithUnread(360);
    await expect.element(screen.getByTestId('unread-line')).toBeInViewport();
    await expect.element(list.getByText('line 80')).toBeInViewport();
    const rows = [...feed().querySelectorAll('article')];
    const next = rows.find(
      (row) => (line() as Element).compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING,
    );
    expect(next?.textContent).toMatch(/new 1$/);
    await expect.element(screen.getByTestId('unread-line')).toHaveTextContent('New · 99+');
    await expect.element(screen.getByRole('button', { name: '99+ new messages' })).toBeVisible();
    expect(readMarkOf(server)).toBe(80);
  });

  it.each([0, 1, 30, 120])('does not drift when the user comes back, with %i new messages meanwhile', async (news) => {
    const { server, go } = await openWithUnread(360);
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
    expect(readMarkOf(server)).toBe(80);
  });

  it.each([0, 30, 120, 300, 1_500].flatMap((wait_ms) => [40, 360].map((count) => [wait_ms, count] as const)))(
    'shows what the user sends %i ms after opening it, with %i unread',
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

  it.each([40, 360])(
    'shows what the user sends while the room loads, if the ack comes first, with %i unread',
    async (count) => {
      const { server, network, open } = world();
      talk(server, 80, CID);
      server.run(ANN, 'mark_read', { room_id: 1, seq: 80 });
      for (let index = 1; index <= count; index += 1) server.post(1, BOB, `new ${index}`);
      const { screen, list, composer, connected } = await open('/rooms/2');
      await connected();
      const head = server.rooms.get(1)?.head ?? 0;
      network.latency_ms = 1_500;
      await screen.getByRole('link', { name: /first/ }).click();
      await expect.element(composer).toHaveAttribute('aria-label', 'Message #first');
      network.latency_ms = 1;
      await composer.fill('my own word');
      await userEvent.keyboard('{Enter}');
      await vi.waitFor(() => expect(server.rooms.get(1)?.head).toBe(head + 1));
      await expect.element(list.getByText(`new ${count}`)).toBeInViewport();
      await expect.element(list.getByText('my own word')).toBeInViewport();
      await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
    },
  );

  it('scrolls to the latest by one press, which marks all as read and does not offer them again', async () => {
    const { server, screen, list, go } = await openWithUnread(360);
    await screen.getByRole('button', { name: '99+ new messages' }).click();
    await expect.element(list.getByText('new 360')).toBeInViewport();
    await vi.waitFor(() => expect(readMarkOf(server)).toBe(440));
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

  it('can be read page by page to its end, each message once', async () => {
    const { server, screen } = await openWithUnread(130);
    const seen = new Set<string>();
    for (let turn = 0; turn < 80 && readMarkOf(server) !== 210; turn += 1) {
      for (const text of shown()) if (text.startsWith('new ')) seen.add(text);
      scrollUp(-400);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    for (const text of shown()) if (text.startsWith('new ')) seen.add(text);
    expect(seen.size).toBe(130);
    await vi.waitFor(() => expect(readMarkOf(server)).toBe(210));
    // All of it is loaded now, so the divider shows the exact count.
    for (let turn = 0; turn < 80 && !line(); turn += 1) {
      scrollUp(400);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await expect.element(screen.getByTestId('unread-line')).toHaveTextContent('New · 130 messages');
  });
});

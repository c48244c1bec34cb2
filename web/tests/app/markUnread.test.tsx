import { describe, expect, it, vi } from 'vitest';
import { ANN, BOB, feed, world } from './world.tsx';

const readMarkOf = (server: ReturnType<typeof world>['server']) => server.rooms.get(1)?.members.get(ANN);
const line = () => document.querySelector('[data-testid=unread-line]');

describe('mark unread from here', () => {
  async function marked() {
    const made = world();
    for (const text of ['one', 'two', 'three']) made.server.post(1, BOB, text);
    made.server.run(ANN, 'mark_read', { room_id: 1, seq: 3 });
    const opened = await made.open();
    await opened.connected();
    const { screen, list } = opened;
    await list.getByText('two').hover();
    await screen.getByRole('button', { name: 'More', exact: true }).click();
    await screen.getByRole('menuitem', { name: 'Mark unread from here' }).click();
    await vi.waitFor(() => expect(readMarkOf(made.server)?.unreadFrom).toBe(2));
    const go = (name: RegExp) => screen.getByRole('link', { name }).click();
    return { ...made, ...opened, go };
  }

  it('puts the divider above the message, and the room stays unread while it is open', async () => {
    const { server, list } = await marked();
    await vi.waitFor(() => expect(line()?.textContent).toContain('2'));
    const next = [...feed().querySelectorAll('article')].find(
      (row) => (line() as Element).compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING,
    );
    expect(next?.textContent).toMatch(/two$/);
    server.post(1, BOB, 'four');
    await expect.element(list.getByText('four')).toBeVisible();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(readMarkOf(server)).toMatchObject({ read: 3, unreadFrom: 2 });
    await vi.waitFor(() => expect(document.title).toBe('(3) #first · Acme'));
  });

  it('is over when the user comes back to the room', async () => {
    const { server, screen, go } = await marked();
    await go(/second/);
    await expect.element(screen.getByRole('link', { name: 'Channel first, 2 unread' })).toBeVisible();
    await go(/first/);
    await expect.element(screen.getByTestId('unread-line')).toBeVisible();
    await vi.waitFor(() => expect(readMarkOf(server)).toMatchObject({ read: 3, unreadFrom: undefined }));
    await vi.waitFor(() => expect(document.title).toBe('#first · Acme'));
  });
});

import { expect, it, vi } from 'vitest';
import { BOB, feed, world } from './world.tsx';

async function opened() {
  const made = world();
  for (let index = 1; index <= 200; index += 1) made.server.post(1, BOB, `line ${index}`);
  made.server.run(1, 'mark_read', { room_id: 1, seq: 200 });
  const shown = await made.open();
  await shown.connected();
  const openPins = async () => {
    await shown.screen.getByRole('button', { name: 'More about this room' }).click();
    await shown.screen.getByRole('menuitem', { name: 'Pinned messages' }).click();
    return shown.screen.getByRole('dialog', { name: 'Pinned messages' });
  };
  return { ...made, ...shown, openPins };
}
const pinned = (server: ReturnType<typeof world>['server']) =>
  [...(server.rooms.get(1)?.messages.values() ?? [])].filter((message) => message.pinned).map(({ content }) => content);
const highlighted = () => feed().querySelector('.animate-flash .bc-text')?.textContent;

it('a message is pinned and unpinned from its menu, and says that it is', async () => {
  const { server, screen, list } = await opened();
  await list.getByText('line 200').hover();
  await screen.getByRole('button', { name: 'More', exact: true }).click();
  await screen.getByRole('menuitem', { name: 'Pin', exact: true }).click();
  await vi.waitFor(() => expect(pinned(server)).toEqual(['line 200']));
  await expect.element(list.getByText('Pinned', { exact: true })).toBeVisible();
  await list.getByText('line 200').hover();
  await screen.getByRole('button', { name: 'More', exact: true }).click();
  await screen.getByRole('menuitem', { name: 'Unpin' }).click();
  await vi.waitFor(() => expect(pinned(server)).toEqual([]));
});

it('the pins of a room are listed as they are now, and lead to their message', async () => {
  const { server, screen, openPins } = await opened();
  const ids = [...(server.rooms.get(1)?.messages.values() ?? [])];
  server.run(BOB, 'pin_message', { message_id: ids[9]?.id });
  const dialog = await openPins();
  await expect.element(dialog.getByText('line 10')).toBeVisible();
  server.run(BOB, 'pin_message', { message_id: ids[19]?.id });
  await expect.element(dialog.getByText('line 20')).toBeVisible();
  await dialog
    .getByRole('button', { name: /^Unpin/ })
    .first()
    .click();
  await expect.element(dialog.getByText('line 20')).not.toBeInTheDocument();
  await dialog.getByText('line 10').click();
  await vi.waitFor(() => expect(highlighted()).toBe('line 10'));
  await expect.element(screen.getByRole('dialog')).not.toBeInTheDocument();
});

it('a room without pins says how to set one', async () => {
  const { openPins } = await opened();
  await expect.element((await openPins()).getByText(/A message is pinned from its menu/)).toBeVisible();
});

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { BOB, world } from './world.tsx';

/** Corrupts a message on the server so that rendering it fails, as a bug in the app or a newer server might. */
function spoil(server: ReturnType<typeof world>['server'], roomId: number, text: string, how: object): void {
  for (const message of server.rooms.get(roomId)?.messages.values() ?? []) {
    if (message.content === text) Object.assign(message, how);
  }
}

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined));
afterEach(() => vi.restoreAllMocks());

it('an error page replaces a page that fails to render, and drafts and unsent messages survive', async () => {
  const { server, network, open } = world();
  const { screen, list, composer, connected } = await open();
  await connected();
  await expect.element(screen.getByText('The very beginning of #first.')).toBeVisible();
  network.sockets = 'refused';
  network.http = 'down';
  await composer.fill('waits');
  await userEvent.keyboard('{Enter}');
  await expect.element(list.getByText('waits')).toBeVisible();
  await composer.fill('half a thought!');

  // Components query the width; restoreLostFocus, which runs outside the rendering, queries the pointer.
  const asked = globalThis.matchMedia.bind(globalThis);
  const broken = vi.spyOn(globalThis, 'matchMedia').mockImplementation((query) => {
    if (query === '(pointer: coarse)') return asked(query);
    throw new Error('No such screen.');
  });
  await screen.getByRole('link', { name: /second/ }).click();
  await expect.element(screen.getByRole('heading', { name: 'Something went wrong' })).toBeVisible();
  await expect.element(screen.getByRole('alert')).toHaveFocus();
  await expect.element(screen.getByRole('alert')).toHaveTextContent('No such screen.');
  await expect.element(screen.getByRole('button', { name: 'Reload' })).toBeVisible();
  await screen.unmount();

  broken.mockRestore();
  network.sockets = 'none';
  network.http = 'none';
  const again = await open();
  await expect.element(again.composer).toHaveValue('half a thought!');
  await vi.waitFor(() => expect([...(server.rooms.get(1)?.messages.values() ?? [])]).toHaveLength(1), 15_000);
  await expect.element(again.list.getByText('waits')).toBeVisible();
});

it('a pane that fails to render leaves the others working: messages can be read and sent, rooms changed', async () => {
  const { server, open } = world();
  server.post(1, BOB, 'in the first');
  server.post(2, BOB, 'in the second');
  Object.assign(server.rooms.get(1) as object, { topic: null });
  const { screen, list, composer, connected } = await open('/rooms/1');
  await connected();
  await expect.element(screen.getByRole('alert')).toHaveTextContent('The header of this room could not be shown.');
  await expect.element(screen.getByRole('button', { name: 'Try again' })).toBeVisible();
  await expect.element(list.getByText('in the first')).toBeVisible();
  await composer.fill('still here');
  await userEvent.keyboard('{Enter}');
  await expect.element(list.getByText('still here')).toBeVisible();
  await vi.waitFor(() => expect(server.rooms.get(1)?.messages.size).toBe(2), 15_000);
  await screen.getByRole('link', { name: /second/ }).click();
  await expect.element(list.getByText('in the second')).toBeVisible();
});

it('a message that fails to render is shown as plain text until it changes, and others are unaffected', async () => {
  const { server, open } = world();
  for (const text of ['before', '**poison**', '**after**']) server.post(1, BOB, text);
  spoil(server, 1, '**poison**', { reactions: null });
  const { list, connected } = await open();
  await connected();
  await expect.element(list.getByText('before')).toBeVisible();
  await expect.element(list.getByText('after', { exact: true })).toBeVisible();
  await expect.element(list.getByText('**poison**')).toBeVisible();
  await expect.element(list.getByRole('button', { name: 'Copy text' })).toBeVisible();
  spoil(server, 1, '**poison**', { reactions: [] });
  const { id } = [...(server.rooms.get(1)?.messages.values() ?? [])][1] as { id: string };
  server.run(BOB, 'edit_message', { message_id: id, content: '**mended**' });
  await expect.element(list.getByText('mended', { exact: true })).toBeVisible();
  await expect.element(list.getByRole('button', { name: 'Copy text' })).not.toBeInTheDocument();
});

it('a room row that fails to render still links to its room', async () => {
  const { server, open } = world();
  Object.assign(server.rooms.get(2) as object, { topic: null });
  const { screen, composer, connected } = await open();
  await connected();
  await expect.element(screen.getByRole('link', { name: /first/ })).toBeVisible();
  await screen.getByRole('link', { name: 'Room 2' }).click();
  await composer.fill('written all the same');
  await userEvent.keyboard('{Enter}');
  await vi.waitFor(() => expect(server.rooms.get(2)?.messages.size).toBe(1), 15_000);
});

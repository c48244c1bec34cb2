import { afterEach, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { world } from './world.tsx';

afterEach(() => vi.restoreAllMocks());

it('where drawing fails, a page says so, and what was written is there afterwards', async () => {
  const { server, network, open } = world();
  const { screen, list, composer, connected } = await open();
  await connected();
  await expect.element(screen.getByText('The very beginning of #first.')).toBeVisible();
  network.sockets = 'refused';
  network.http = 'down';
  await composer.fill('waits');
  await userEvent.keyboard('{Enter}');
  await expect.element(list.getByText('waits')).toBeVisible();

  await composer.fill('half a thought');

  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const broken = vi.spyOn(Date, 'parse').mockImplementation(() => {
    throw new Error('No such hour.');
  });
  // Drawing fails at this very key.
  await userEvent.keyboard('!');
  await expect.element(screen.getByRole('heading', { name: 'Something went wrong' })).toBeVisible();
  await expect.element(screen.getByRole('alert')).toHaveFocus();
  await expect.element(screen.getByRole('alert')).toHaveTextContent('No such hour.');
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

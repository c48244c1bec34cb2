import { beforeEach, describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { openPanel } from '../../src/app/panels.ts';
import { ANN, world } from './world.tsx';

beforeEach(() => openPanel.set(null));

async function settings() {
  const { server, network, open } = world();
  const { screen, connected } = await open();
  await connected();
  openPanel.set('notifications');
  const dialog = screen.getByRole('dialog', { name: 'Notifications' });
  await expect.element(dialog.getByRole('textbox', { name: 'Keywords' })).toBeVisible();
  const mine = () =>
    (server.notifications.run(ANN, 'get_my_notifications', {}, '') as { notifications: Record<string, unknown> })
      .notifications;
  return { server, network, dialog, mine };
}

describe('the settings of notifications', () => {
  it('add and remove keywords', async () => {
    const { dialog, mine } = await settings();
    await dialog.getByRole('textbox', { name: 'Keywords' }).fill('  deploy ');
    await userEvent.keyboard('{Enter}');
    await expect.element(dialog.getByRole('button', { name: 'Remove deploy' })).toBeVisible();
    expect(mine()['keywords']).toEqual(['deploy']);
    await dialog.getByRole('button', { name: 'Remove deploy' }).click();
    await vi.waitFor(() => expect(mine()['keywords']).toEqual([]));
    await expect.element(dialog.getByRole('textbox', { name: 'Keywords' })).toHaveFocus();
  });

  it('choose quiet hours by the clock of this device, and their days', async () => {
    const { dialog, mine } = await settings();
    await dialog.getByRole('checkbox', { name: /hours that I choose/ }).click();
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    await vi.waitFor(() =>
      expect(mine()['quiet_hours']).toEqual({ zone, days: [1, 2, 3, 4, 5, 6, 7], start: '22:00', end: '07:00' }),
    );
    await dialog
      .getByRole('group', { name: /nights/ })
      .getByRole('button')
      .first()
      .click();
    await vi.waitFor(() => expect(mine()['quiet_hours']).toMatchObject({ days: [2, 3, 4, 5, 6, 7] }));
    await dialog.getByRole('checkbox', { name: /hours that I choose/ }).click();
    await vi.waitFor(() => expect(mine()['quiet_hours']).toBeNull());
  });

  it('ask not to be disturbed for a while, and end it', async () => {
    const { dialog, mine } = await settings();
    await dialog.getByRole('button', { name: '30 minutes' }).click();
    await expect.element(dialog.getByText(/Nothing notifies you until/)).toBeVisible();
    await dialog.getByRole('button', { name: 'Turn off' }).click();
    await vi.waitFor(() => expect(mine()['dnd_until']).toBeNull());
  });

  it('say what a locked screen shows', async () => {
    const { dialog, mine } = await settings();
    await dialog.getByRole('radio', { name: 'Who writes', exact: true }).click();
    await vi.waitFor(() => expect(mine()['push_content']).toBe('sender'));
  });
});

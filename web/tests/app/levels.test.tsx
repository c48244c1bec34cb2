import { describe, expect, it, vi } from 'vitest';
import { ANN, BOB, world } from './world.tsx';

type Screen = Awaited<ReturnType<ReturnType<typeof world>['open']>>['screen'];

async function openNotifications(screen: Screen) {
  await screen.getByRole('button', { name: 'More about this room' }).click();
  await screen.getByRole('menuitem', { name: 'Notifications' }).click();
  return screen.getByRole('dialog', { name: /^Notifications of/ });
}
const levelOf = (server: ReturnType<typeof world>['server'], room: number) =>
  server.notifications.ofRoom(ANN, room) as { level?: string; muted_until?: string };

describe('what a room notifies of', () => {
  it('is chosen in its menu, and shows what holds without a choice', async () => {
    const { server, open } = world();
    const { screen, connected } = await open();
    await connected();
    const dialog = await openNotifications(screen);
    await expect.element(dialog.getByRole('radio', { name: /What is for you/ })).toBeChecked();
    await dialog.getByRole('radio', { name: 'Every message' }).click();
    await expect.element(dialog.getByRole('radio', { name: 'Every message' })).toBeChecked();
    expect(levelOf(server, 1)).toEqual({ level: 'all' });
  });

  it('stays as it was without a connection, and says so', async () => {
    const { server, network, open } = world();
    const { screen, connected } = await open();
    await connected();
    const dialog = await openNotifications(screen);
    network.sockets = 'refused';
    network.http = 'down';
    network.closeAll(1006);
    await dialog.getByRole('radio', { name: 'Every message' }).click();
    await vi.waitFor(() => expect(document.body.textContent).toMatch(/cannot be reached|offline/i));
    await expect.element(dialog.getByRole('radio', { name: /What is for you/ })).toBeChecked();
    expect(levelOf(server, 1)).toEqual({});
  });
});

describe('a quiet room', () => {
  it('is muted for a while and unmuted, without a change of its level', async () => {
    const { server, open } = world();
    server.run(ANN, 'set_notifications', { room_id: 1, level: 'all' });
    const { screen, connected } = await open();
    await connected();
    const dialog = await openNotifications(screen);
    await dialog.getByRole('button', { name: '1 hour' }).click();
    await expect.element(dialog.getByText(/Nothing notifies you until/)).toBeVisible();
    expect(levelOf(server, 1).level).toBe('all');
    await dialog.getByRole('button', { name: 'Unmute' }).click();
    await expect.element(dialog.getByRole('button', { name: '1 hour' })).toBeVisible();
    expect(levelOf(server, 1)).toEqual({ level: 'all' });
  });

  it('says so in the list, and counts in neither the title nor the icon', async () => {
    const { server, open } = world();
    const icon = Object.assign(document.createElement('link'), { rel: 'icon', href: '/icon.svg' });
    document.head.prepend(icon);
    server.run(ANN, 'set_notifications', { room_id: 2, mute_until: '2100-01-01T00:00:00Z' });
    const { screen, connected } = await open();
    await connected();
    server.post(2, BOB, 'psst');
    await expect.element(screen.getByRole('link', { name: 'Channel second, 1 unread, muted' })).toBeVisible();
    expect(document.title).toBe('#first · Acme');
    expect(icon.href).toMatch(/icon\.svg$/);
    server.run(ANN, 'set_notifications', { room_id: 2, level: 'all' });
    await vi.waitFor(() => expect(document.title).toBe('(1) #first · Acme'));
    await vi.waitFor(() => expect(icon.href).toMatch(/icon-badge\.svg$/));
    icon.remove();
  });
});

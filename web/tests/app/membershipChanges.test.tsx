import { beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetMembershipChanges } from '../../src/app/membershipChanges.ts';
import { ANN, BOB, CID, world } from './world.tsx';

beforeEach(() => forgetMembershipChanges(ANN));

function addAnn(server: ReturnType<typeof world>['server']) {
  const room = server.createRoom([BOB, ANN, CID], 'group', 'Garden');
  const by = server.users.get(BOB);
  if (by) server.tell(ANN, { type: 'notification', kind: 'invitation', room_id: room.id, message_id: null, by });
  return room;
}

describe('a user who is added to a group', () => {
  it('gets a toast, a mark on the room until it is opened, and a line in the timeline', async () => {
    const { server, open } = world();
    const { screen, list, connected } = await open();
    await connected();
    const room = addAnn(server);
    await expect.element(screen.getByText('bob added you to Garden.').first()).toBeVisible();
    const link = screen.getByRole('link', { name: 'Garden, new: you were added' });
    await expect.element(link).toHaveTextContent('New');
    await link.click();
    await expect.element(list.getByText(/^bob added you/)).toBeVisible();
    await expect.element(list.getByText(/^The beginning of this group with bob and cid/)).toBeVisible();
    await screen.getByRole('link', { name: /second/ }).click();
    await expect.element(screen.getByRole('link', { name: 'Garden', exact: true })).toBeVisible();
    server.post(room.id, BOB, 'welcome');
    await expect.element(screen.getByRole('link', { name: 'Garden, 1 unread' })).toBeVisible();
  });

  it('while the app is closed sees the mark on the next visit; a first visit marks no room', async () => {
    const first = world();
    const visit = await first.open();
    await visit.connected();
    await expect.element(visit.screen.getByRole('link', { name: 'Channel second' })).toBeVisible();
    await visit.screen.unmount();
    const kept = localStorage.getItem('backchannel.rooms.1') ?? '';
    expect(JSON.parse(kept)).toEqual([2, 1]);
    const second = world();
    localStorage.setItem('backchannel.rooms.1', kept);
    addAnn(second.server);
    const { screen } = await second.open();
    await expect.element(screen.getByRole('link', { name: 'Garden, new: you were added' })).toBeVisible();
  });
});

it('members see who joins and leaves', async () => {
  const { server, open } = world();
  server.post(1, BOB, 'hello');
  const { screen, list, connected } = await open();
  await connected();
  await expect.element(list.getByText('hello')).toBeVisible();
  server.remove(1, CID);
  await expect.element(screen.getByTestId('membership-line')).toHaveTextContent(/^cid left/);
  server.post(1, BOB, 'alone now');
  await expect.element(list.getByText('alone now')).toBeVisible();
  await vi.waitFor(() => {
    const order = [...document.querySelectorAll('[role=feed] .bc-text, [data-testid=membership-line]')].map(
      (each) => each.textContent,
    );
    expect(order.map((text) => text?.slice(0, 8))).toEqual(['hello', 'cid left', 'alone no']);
  });
});

it('a new name and a new topic of the room are lines, each before the next message', async () => {
  const { server, open } = world();
  server.post(1, BOB, 'hello');
  const { list, connected } = await open();
  await connected();
  await expect.element(list.getByText('hello')).toBeVisible();
  server.run(BOB, 'update_room', { room_id: 1, name: 'engines' });
  await expect.element(list.getByText(/^This channel is now called #engines/)).toBeVisible();
  server.run(BOB, 'update_room', { room_id: 1, topic: 'Steam' });
  await expect.element(list.getByText(/^The topic is now: Steam/)).toBeVisible();
  server.post(1, BOB, 'so');
  await expect.element(list.getByText('so', { exact: true })).toBeVisible();
  const order = [...document.querySelectorAll('[role=feed] .bc-text, [data-testid=membership-line]')].map((each) =>
    each.textContent?.slice(0, 9),
  );
  expect(order).toEqual(['hello', 'This chan', 'The topic', 'so']);
});

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { openPanel } from '../../src/app/panels.ts';
import { ANN, BOB, world } from '../app/world.tsx';

beforeEach(() => openPanel.set(null));

describe('the details of a message', () => {
  it('say how it came in and when it was edited, and who has seen it where the room shows that', async () => {
    const w = world();
    const { screen, connected } = await w.open();
    await connected();
    const { id } = w.server.post(1, ANN, 'See the plan');
    w.server.run(ANN, 'edit_message', { message_id: id, content: 'See the new plan' });
    const dialog = screen.getByRole('dialog', { name: 'Message details' });
    const openDetails = async () => {
      await screen.getByRole('feed').getByText('See the new plan').hover();
      await screen.getByRole('button', { name: 'More', exact: true }).click();
      await screen.getByRole('menuitem', { name: 'Details' }).click();
      await expect.element(dialog.getByText('Over the WebSocket')).toBeVisible();
    };
    await openDetails();
    await expect.element(dialog.getByText('Never')).not.toBeInTheDocument();
    await expect.element(dialog.getByText(/^Seen by/)).not.toBeInTheDocument();
    await userEvent.keyboard('{Escape}');

    // Ann owns the room.
    await screen.getByRole('button', { name: 'More about this room' }).click();
    await screen.getByRole('menuitem', { name: 'Room settings' }).click();
    await screen.getByRole('checkbox', { name: 'Show who has seen a message' }).click();
    await screen.getByRole('button', { name: 'Save' }).click();
    await vi.waitFor(() => expect(w.server.rooms.get(1)?.showsSeen).toBe(true));
    w.server.run(BOB, 'mark_read', { room_id: 1, seq: 99 });
    await openDetails();
    await expect.element(dialog.getByText('Seen by 1')).toBeVisible();
    await expect.element(dialog.getByRole('listitem').filter({ hasText: 'bob' })).toBeVisible();
  });
});

import { describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { BOB, CID, feed, world } from './world.tsx';

describe('screen readers and the keyboard', () => {
  it('new messages are announced once, by one live region, several as a number', async () => {
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

  it('the arrow keys move between messages, Enter opens the menu, Escape returns to the composer', async () => {
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

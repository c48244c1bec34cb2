import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { openThread } from '../../src/app/threads.ts';
import { ANN } from '../app/world.tsx';
import { talked } from './world.tsx';

beforeEach(() => openThread.set(null));
afterEach(() => openThread.set(null));

/** The page, with a thread in which Ann has two unread replies, and one that she has read. */
async function twoThreads() {
  const made = talked();
  const { server, root, reply, open } = made;
  const read = server.post(2, ANN, 'who brings cake?');
  const seen = reply(read.id, 'I do', { room_id: 2 });
  server.run(ANN, 'mark_thread_read', { message_id: read.id, seq: seen.seq });
  reply(root.id, 'in green');
  reply(root.id, 'or in blue');
  const opened = await open('/threads');
  const { screen } = opened;
  const entries = screen.getByRole('list', { name: 'Threads you follow' }).getByRole('button');
  return { ...made, ...opened, read, entries, clear: screen.getByRole('button', { name: 'Mark all as read' }) };
}

describe('the page of threads', () => {
  it('lists those that the user follows, with what is unread in each', async () => {
    const { entries } = await twoThreads();
    await expect.element(entries.first()).toHaveAccessibleName(/shall we paint the shed\?.*2 replies, 2 unread/);
    await expect.element(entries.last()).toHaveAccessibleName(/who brings cake\?.*1 reply$/);
  });

  it('shows the unread ones alone where that is wanted', async () => {
    const { screen, entries } = await twoThreads();
    await screen.getByRole('button', { name: 'Unread', exact: true }).click();
    await vi.waitFor(() => expect(entries.elements()).toHaveLength(1));
    await screen.getByRole('button', { name: 'All', exact: true }).click();
    await vi.waitFor(() => expect(entries.elements()).toHaveLength(2));
  });

  it('follows what happens', async () => {
    const { root, reply, entries } = await twoThreads();
    await expect.element(entries.first()).toHaveAccessibleName(/2 unread/);
    reply(root.id, 'white it is');
    await expect.element(entries.first()).toHaveAccessibleName(/3 unread/);
  });

  it('opens a thread beside its room by keyboard', async () => {
    const { screen, entries, replies } = await twoThreads();
    await expect.element(entries.first()).toBeVisible();
    (entries.first().element() as HTMLElement).focus();
    await userEvent.keyboard('{Enter}');
    await expect.element(screen.getByRole('heading', { level: 1 })).toHaveTextContent('first');
    await expect.element(replies.getByText('or in blue')).toBeVisible();
    await expect.element(screen.getByTestId('unread-line')).toBeVisible();
  });

  it('clears everything by one button', async () => {
    const { server, screen, clear } = await twoThreads();
    await expect.element(screen.getByRole('link', { name: 'Threads, 2 unread' })).toBeVisible();
    await clear.click();
    await expect.element(screen.getByRole('link', { name: 'Threads', exact: true })).toBeVisible();
    await expect.element(clear).toBeDisabled();
    expect(server.run(ANN, 'get_threads', { unread: true })).toMatchObject({ threads: [] });
    await screen.getByRole('button', { name: 'Unread', exact: true }).click();
    await expect.element(screen.getByText('Nothing unread')).toBeVisible();
  });

  it('says how one comes to follow a thread, where there is none', async () => {
    const { open } = talked();
    const { screen } = await open('/threads');
    await expect.element(screen.getByText('No threads yet')).toBeVisible();
  });
});

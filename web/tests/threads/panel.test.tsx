import { Refusal } from '@backchannel/client/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { setFlatThreads } from '../../src/app/flatThreads.ts';
import { openThread } from '../../src/app/threads.ts';
import { ANN, BOB } from '../app/world.tsx';
import { stored, talked, untilStored } from './world.tsx';

afterEach(async () => {
  openThread.set(null);
  setFlatThreads(false);
  await page.viewport(1100, 700);
});

describe('a room', () => {
  it('shows a line below the first message of a thread in place of its replies', async () => {
    const { root, reply, open } = talked();
    reply(root.id, 'in green');
    const { room, summary } = await open();
    await expect.element(summary('1 reply')).toBeVisible();
    await expect.element(room.getByText('in green')).not.toBeInTheDocument();
    reply(root.id, 'or in blue');
    await expect.element(summary('2 replies')).toBeVisible();
  });

  it('counts replies that came before the code of threads', async () => {
    const { root, reply, open } = talked();
    const { summary } = await open();
    reply(root.id, 'at once');
    await expect.element(summary('1 reply')).toBeVisible();
  });

  it('shows all replies in the flat view, and where they belong', async () => {
    const { root, reply, open } = talked();
    reply(root.id, 'in green');
    const { room, replies } = await open();
    setFlatThreads(true);
    await expect.element(room.getByText('in green')).toBeVisible();
    await room.getByRole('button', { name: 'In a thread' }).click();
    await expect.element(replies.getByText('in green')).toBeVisible();
  });

  it('shows a reply that was meant for it, too', async () => {
    const { root, reply, open } = talked();
    reply(root.id, 'everybody should know', { in_room: true });
    const { room } = await open();
    await expect.element(room.getByText('everybody should know')).toBeVisible();
  });

  it('is marked where a followed thread has something unread', async () => {
    const { root, reply, open } = talked();
    reply(root.id, 'in green');
    const { screen } = await open('/');
    await expect.element(screen.getByRole('link', { name: 'Channel first, 1 unread in threads' })).toBeVisible();
    await expect.element(screen.getByRole('link', { name: 'Threads, 1 unread' })).toBeVisible();
  });
});

describe('a thread', () => {
  it('opens beside its room, with the focus in its field, and is read there', async () => {
    const { server, root, reply, open } = talked();
    reply(root.id, 'in green');
    const { screen, summary, replies, field, room } = await open();
    await summary('1 reply').click();
    await expect.element(replies.getByText('in green')).toBeVisible();
    await expect.element(replies.getByText('shall we paint the shed?')).toBeVisible();
    await expect.element(field).toHaveFocus();
    await expect.element(room).toBeVisible();
    await vi.waitFor(() => expect(server.run(ANN, 'get_threads', { unread: true })).toMatchObject({ threads: [] }));
    await expect.element(screen.getByRole('link', { name: 'Threads', exact: true })).toBeVisible();
  });

  it('begins at any message, and Escape leads back to it', async () => {
    const { server, other, open } = talked();
    const { room, field, panel } = await open();
    await room.getByText('the ladder is gone').hover();
    await room.getByRole('button', { name: 'Open thread' }).click();
    await field.fill('it is behind the house');
    await userEvent.keyboard('{Enter}');
    await untilStored(server, other.id, 'it is behind the house');
    expect(stored(server, other.id)[0]).toMatchObject({ thread: other.id, in_room: false });
    await userEvent.keyboard('{Escape}');
    await expect.element(panel).not.toBeInTheDocument();
    expect(document.activeElement?.closest('article')?.dataset['message']).toBe(other.id);
  });

  it('takes replies while nothing works, and sends them later', async () => {
    const { server, network, root, reply, open } = talked();
    reply(root.id, 'in green');
    const { summary, field, replies, room } = await open();
    await summary('1 reply').click();
    await expect.element(replies.getByText('in green')).toBeVisible();
    Object.assign(network, { sockets: 'refused', http: 'down' });
    network.closeAll(1006);
    await field.fill('rather blue');
    await userEvent.keyboard('{Enter}');
    await expect.element(replies.getByRole('article', { name: /waiting to be sent/ })).toBeVisible();
    await expect.element(room.getByText('rather blue')).not.toBeInTheDocument();
    Object.assign(network, { sockets: 'none', http: 'none' });
    await untilStored(server, root.id, 'rather blue');
    expect(stored(server, root.id).filter(({ content }) => content === 'rather blue')).toHaveLength(1);
  });

  it('shows a reply in the room, too, where that is wanted', async () => {
    const { server, root, reply, open } = talked();
    reply(root.id, 'in green');
    const { summary, field, panel } = await open();
    await summary('1 reply').click();
    await panel.getByRole('checkbox', { name: 'Show it in the room, too' }).click();
    await field.fill('decided: green');
    await userEvent.keyboard('{Enter}');
    await untilStored(server, root.id, 'decided: green');
    expect(stored(server, root.id).at(-1)).toMatchObject({ in_room: true });
    await expect.element(panel.getByRole('checkbox')).not.toBeChecked();
  });

  it('quotes within itself', async () => {
    const { server, root, reply, open } = talked();
    const green = reply(root.id, 'in green');
    const { summary, field, replies } = await open();
    await summary('1 reply').click();
    await replies.getByText('in green').hover();
    await replies.getByRole('button', { name: 'Reply', exact: true }).click();
    await expect.element(field).toHaveFocus();
    await field.fill('why?');
    await userEvent.keyboard('{Enter}');
    await untilStored(server, root.id, 'why?');
    expect(stored(server, root.id).at(-1)?.reply_to?.id).toBe(green.id);
  });

  it('keeps a draft of its own', async () => {
    const { root, reply, open } = talked();
    reply(root.id, 'in green');
    const { summary, field, composer } = await open();
    await summary('1 reply').click();
    await field.fill('half a thought');
    await expect.element(composer).toHaveValue('');
    await userEvent.keyboard('{Escape}');
    await summary('1 reply').click();
    await expect.element(field).toHaveValue('half a thought');
    expect(localStorage.getItem(`backchannel.reply.${ANN}.${root.id}`)).toContain('half a thought');
  });

  it('marks where a reply was begun: at its line, at a message without replies, and in the list of rooms', async () => {
    const { root, other, reply, open } = talked();
    reply(root.id, 'in green');
    const { screen, summary, field, room, panel } = await open();
    await summary('1 reply').click();
    await field.fill('half a thought');
    await expect.element(screen.getByRole('button', { name: /your draft/ })).not.toBeInTheDocument();
    openThread.set({ roomId: 1, root: other.id, around: null });
    await expect
      .element(screen.getByRole('button', { name: /^1 reply,.*, your draft: open the thread$/ }))
      .toBeVisible();
    await field.fill('the first');
    await userEvent.keyboard('{Escape}');
    await expect.element(panel).not.toBeInTheDocument();
    await expect.element(room.getByRole('button', { name: 'Your draft: open the thread', exact: true })).toBeVisible();
    await screen.getByRole('link', { name: /second/ }).click();
    const row = screen.getByRole('link', { name: /first.*has a draft in a thread/ });
    await expect.element(row).toHaveTextContent(/Draft in a thread: (half a thought|the first)/);
    await screen.getByRole('link', { name: /^Threads/ }).click();
    await expect
      .element(screen.getByRole('button', { name: /shall we paint the shed\?.*, your draft$/ }))
      .toBeVisible();
  });

  it('is followed and left by its button', async () => {
    const { server, other, reply, open } = talked();
    reply(other.id, 'I found it');
    const { summary, panel } = await open();
    await summary('1 reply').click();
    await panel.getByRole('button', { name: 'Follow this thread' }).click();
    await expect.element(panel.getByRole('button', { name: 'Stop following this thread' })).toBeVisible();
    await vi.waitFor(() =>
      expect(server.run(ANN, 'get_threads', {})).toMatchObject({ threads: [{ following: true }] }),
    );
    await panel.getByRole('button', { name: 'Stop following this thread' }).click();
    await vi.waitFor(() => expect(server.run(ANN, 'get_threads', {})).toMatchObject({ threads: [] }));
  });

  it('is moved through by the arrow keys', async () => {
    const { root, reply, open } = talked();
    reply(root.id, 'one');
    const last = reply(root.id, 'two');
    const { summary, field, replies } = await open();
    await summary('2 replies').click();
    await expect.element(replies.getByText('two')).toBeVisible();
    // Past the button for files.
    await userEvent.keyboard('{Shift>}{Tab}{Tab}{/Shift}');
    expect(document.activeElement?.getAttribute('data-message')).toBe(last.id);
    await userEvent.keyboard('{ArrowUp}{ArrowUp}');
    await vi.waitFor(() => expect(document.activeElement?.getAttribute('data-message')).toBe(root.id));
    await userEvent.keyboard('{Escape}');
    await expect.element(field).toHaveFocus();
  });

  it('announces new replies to screen readers', async () => {
    const { root, reply, open } = talked();
    reply(root.id, 'in green');
    const { screen, summary, replies } = await open();
    await summary('1 reply').click();
    await expect.element(replies.getByText('in green')).toBeVisible();
    reply(root.id, 'or in blue');
    await expect.element(screen.getByTestId('announcer')).toHaveTextContent('bob: or in blue');
  });

  it('opens for the address of a reply that the room hides', async () => {
    const { root, reply, open } = talked();
    const green = reply(root.id, 'in green');
    const { replies } = await open(`/rooms/1/${green.seq}`);
    await expect.element(replies.getByText('in green')).toBeVisible();
    await vi.waitFor(() =>
      expect(document.querySelector(`[data-message="${green.id}"]`)?.classList.contains('animate-flash')).toBe(true),
    );
  });

  it('says when it cannot be loaded', async () => {
    const { open } = talked();
    const { panel, screen } = await open();
    openThread.set({ roomId: 1, root: '00000000-0000-7000-8000-00000000dead', around: null });
    await expect.element(panel.getByRole('alert')).toHaveTextContent('could not be loaded');
    await screen.getByRole('button', { name: 'Close thread' }).click();
    await expect.element(panel).not.toBeInTheDocument();
  });

  it('covers the room on a phone', async () => {
    await page.viewport(390, 800);
    const { root, reply, open } = talked();
    reply(root.id, 'in green');
    const { summary, panel, room, coveredRoom } = await open();
    await summary('1 reply').click();
    await expect.element(panel).toBeVisible();
    await expect.element(coveredRoom).not.toBeVisible();
    await panel.getByRole('button', { name: 'Close thread' }).click();
    await expect.element(room).toBeVisible();
  });

  it('takes the place of its room in a narrow window, which is not read meanwhile', async () => {
    await page.viewport(800, 700);
    const { server, root, reply, open } = talked();
    reply(root.id, 'in green');
    const { summary, panel, room, coveredRoom, screen } = await open();
    await summary('1 reply').click();
    await expect.element(coveredRoom).not.toBeVisible();
    const { seq } = server.post(1, BOB, 'is anybody here?');
    await expect.element(screen.getByTestId('announcer')).toHaveTextContent('is anybody here?');
    expect(server.rooms.get(1)?.members.get(ANN)?.read).toBeLessThan(seq);
    await panel.getByRole('button', { name: 'Close thread' }).click();
    await expect.element(room.getByText('is anybody here?')).toBeVisible();
    await vi.waitFor(() => expect(server.rooms.get(1)?.members.get(ANN)?.read).toBe(seq));
  });

  it('gives a failed reply back to its own field', async () => {
    const { server, root, reply, open } = talked();
    reply(root.id, 'in green');
    const { screen, summary, field, composer, replies } = await open();
    await summary('1 reply').click();
    await expect.element(replies.getByText('in green')).toBeVisible();
    vi.spyOn(server, 'send').mockImplementationOnce(() => {
      throw new Refusal('forbidden');
    });
    await field.fill('may I?');
    await userEvent.keyboard('{Enter}');
    await expect.element(replies.getByText('Not sent.')).toBeVisible();
    await screen.getByRole('button', { name: 'Edit', exact: true }).click();
    await expect.element(field).toHaveValue('may I?');
    await expect.element(composer).toHaveValue('');
  });
});

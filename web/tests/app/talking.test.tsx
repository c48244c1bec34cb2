import { type MemoryServer, Refusal } from '@backchannel/client/testing';
import { describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { ANN, BOB, shown, world } from './world.tsx';

/** Makes the server refuse the next message for good. */
function refuseOne(server: MemoryServer): void {
  vi.spyOn(server, 'send').mockImplementationOnce(() => {
    throw new Refusal('forbidden');
  });
}

describe('writing', () => {
  it('a sent message appears in the timeline and the sidebar, and the field is cleared', async () => {
    const { server, open } = world();
    const { screen, composer } = await open();
    await composer.fill('Hello **there**');
    await userEvent.keyboard('{Enter}');
    await expect.element(composer).toHaveValue('');
    await expect.element(screen.getByRole('feed').getByText('there')).toBeVisible();
    await expect.element(screen.getByRole('link', { name: 'Channel first' })).toHaveTextContent('You: Hello there');
    expect([...(server.rooms.get(1)?.messages.values() ?? [])].map((message) => message.content)).toEqual([
      'Hello **there**',
    ]);
  });

  it('Shift+Enter inserts a new line, and Enter while composing does not send', async () => {
    const { open } = world();
    const { composer } = await open();
    await composer.fill('one');
    await userEvent.keyboard('{Shift>}{Enter}{/Shift}two');
    await expect.element(composer).toHaveValue('one\ntwo');
    const enter = { key: 'Enter', bubbles: true, cancelable: true };
    composer.element().dispatchEvent(new KeyboardEvent('keydown', { ...enter, keyCode: 229 }));
    composer.element().dispatchEvent(new KeyboardEvent('keydown', { ...enter, isComposing: true }));
    await expect.element(composer).toHaveValue('one\ntwo');
  });

  it('messages written without a connection are sent when it is back', async () => {
    const { server, network, open } = world();
    const { screen, composer, connected } = await open();
    await connected();
    network.sockets = 'refused';
    network.http = 'down';
    network.closeAll(1006);
    await composer.fill('from the tunnel');
    await userEvent.keyboard('{Enter}');
    await expect.element(composer).toBeEnabled();
    await expect.element(screen.getByTitle('Waiting to be sent')).toBeInTheDocument();
    network.sockets = 'none';
    network.http = 'none';
    globalThis.dispatchEvent(new Event('online'));
    await vi.waitFor(() => expect(server.rooms.get(1)?.messages.size).toBe(1), 10_000);
    await expect.element(screen.getByTitle('Waiting to be sent')).not.toBeInTheDocument();
    expect(shown()).toEqual(['from the tunnel']);
  });

  it('a failed message stays with its reason, and a retry keeps its id', async () => {
    const { server, open } = world();
    const { screen, composer } = await open();
    refuseOne(server);
    await composer.fill('may I?');
    await userEvent.keyboard('{Enter}');
    await expect.element(screen.getByText('Not sent.')).toBeVisible();
    await expect.element(screen.getByRole('link', { name: /was not sent/ })).toBeVisible();
    await composer.fill('others flow');
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(server.rooms.get(1)?.messages.size).toBe(1));
    const id = document.querySelector('article:has(.text-danger)')?.getAttribute('data-message');
    await screen.getByRole('button', { name: 'Retry' }).click();
    await vi.waitFor(() => expect(server.rooms.get(1)?.messages.has(id ?? '')).toBe(true));
    await expect.element(screen.getByText('Not sent.')).not.toBeInTheDocument();
  });

  it('a failed message can be moved back into the composer', async () => {
    const { server, open } = world();
    const { screen, composer } = await open();
    refuseOne(server);
    await composer.fill('too bold');
    await userEvent.keyboard('{Enter}');
    await screen.getByRole('button', { name: 'Edit', exact: true }).click();
    await expect.element(composer).toHaveValue('too bold');
    await expect.element(composer).toHaveFocus();
    await expect.element(screen.getByText('Not sent.')).not.toBeInTheDocument();
  });
});

describe('drafts', () => {
  it('stay in their room, show in the sidebar, and survive a reload', async () => {
    const { open } = world();
    const first = await open();
    await first.composer.fill('half a thought');
    await first.screen.getByRole('link', { name: /second/ }).click();
    await expect.element(first.composer).toHaveValue('');
    const link = first.screen.getByRole('link', { name: 'Channel first, has a draft' });
    await expect.element(link).toHaveTextContent('Draft: half a thought');
    await first.screen.unmount();
    const kept = localStorage.getItem(`backchannel.draft.${ANN}.1`);
    const again = world();
    localStorage.setItem(`backchannel.draft.${ANN}.1`, kept ?? '');
    const second = await again.open();
    await expect.element(second.composer).toHaveValue('half a thought');
  });
});

describe('editing, replying and reacting', () => {
  it('↑ in the empty field edits the user’s last message', async () => {
    const { server, open } = world();
    server.post(1, ANN, 'helo');
    server.post(1, BOB, 'hm?');
    const { screen, composer } = await open();
    await expect.element(screen.getByRole('feed').getByText('helo')).toBeVisible();
    await composer.click();
    await userEvent.keyboard('{ArrowUp}');
    const field = screen.getByRole('textbox', { name: 'Edit message' });
    await expect.element(field).toHaveValue('helo');
    await field.fill('hello');
    await userEvent.keyboard('{Enter}');
    await expect.element(screen.getByRole('feed').getByText('hello')).toBeVisible();
    await expect.element(screen.getByText('edited')).toBeVisible();
    await expect.element(composer).toHaveValue('');
  });

  it('a reply shows its quote to both sides', async () => {
    const { server, open } = world();
    const asked = server.post(1, BOB, 'Coffee?');
    const { screen, list, composer } = await open();
    await list.getByText('Coffee?').hover();
    await screen.getByRole('button', { name: 'Reply' }).click();
    await expect.element(screen.getByText('Reply to bob')).toBeVisible();
    await composer.fill('Always');
    await userEvent.keyboard('{Enter}');
    await expect.element(screen.getByRole('button', { name: 'In reply to bob: Coffee?' })).toBeVisible();
    const sent = () => [...(server.rooms.get(1)?.messages.values() ?? [])].at(-1);
    await vi.waitFor(() => expect(sent()?.reply_to?.id).toBe(asked.id));
  });

  it('one press adds a reaction, and the same press removes it', async () => {
    const { server, open } = world();
    server.post(1, BOB, 'Shipped');
    const { screen, list } = await open();
    await list.getByText('Shipped').hover();
    await screen.getByRole('button', { name: 'React with 👍' }).click();
    const chip = screen.getByRole('button', { name: '👍, You' });
    await expect.element(chip).toHaveAttribute('aria-pressed', 'true');
    await chip.click();
    await expect.element(chip).not.toBeInTheDocument();
  });

  it('a deletion can be undone for a while, and leaves a placeholder', async () => {
    const { server, open } = world();
    server.post(1, ANN, 'oops');
    const { screen, list } = await open();
    await list.getByText('oops').hover();
    await screen.getByRole('button', { name: 'More', exact: true }).click();
    await screen.getByRole('menuitem', { name: 'Delete' }).click();
    await expect.element(list.getByText('Message deleted')).toBeVisible();
    await list.getByRole('button', { name: 'Undo' }).click();
    await expect.element(list.getByText('oops')).toBeVisible();
    expect(localStorage.getItem('backchannel.deletions.1')).toBeNull();
    await list.getByText('oops').hover();
    await screen.getByRole('button', { name: 'More', exact: true }).click();
    await screen.getByRole('menuitem', { name: 'Delete' }).click();
    const isDeleted = () => [...(server.rooms.get(1)?.messages.values() ?? [])].map(({ deleted }) => deleted);
    expect(isDeleted()).toEqual([false]);
    await vi.waitFor(() => expect(isDeleted()).toEqual([true]), 15_000);
    await expect.element(list.getByRole('button', { name: 'Undo' })).not.toBeInTheDocument();
    await expect.element(screen.getByRole('link', { name: 'Channel first' })).toHaveTextContent('Message deleted');
  });

  it('@ offers the members of the room', async () => {
    const { open } = world();
    const { screen, composer } = await open();
    await expect.element(screen.getByText('The very beginning of #first.')).toBeVisible();
    await composer.click();
    await userEvent.keyboard('hi @b');
    await expect.element(screen.getByRole('option', { name: /bob/ })).toHaveAttribute('aria-selected', 'true');
    await userEvent.keyboard('{Tab}now');
    await expect.element(composer).toHaveValue('hi @bob now');
  });
});

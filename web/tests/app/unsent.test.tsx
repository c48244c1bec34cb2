/** Unsent messages and changes: shown in every tab, editable, and never sent once cancelled. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { Refusal } from '@backchannel/client/testing';
import { openPanel } from '../../src/app/panels.ts';
import { ANN, BOB, shown, world } from './world.tsx';

/** Closes what the previous test left open. */
beforeEach(() => openPanel.set(null));

type World = ReturnType<typeof world>;

async function offline() {
  const made = world();
  made.server.post(1, BOB, 'Coffee?');
  made.server.post(1, ANN, 'helo');
  const opened = await made.open();
  await opened.connected();
  await expect.element(opened.list.getByText('helo')).toBeVisible();
  Object.assign(made.network, { sockets: 'refused', http: 'down' });
  made.network.closeAll(1006);
  await expect.element(opened.screen.getByText(/^Connection failed/), { timeout: 15_000 }).toBeVisible();
  return { ...made, ...opened };
}

function online({ network }: Pick<World, 'network'>): void {
  Object.assign(network, { sockets: 'none', http: 'none' });
  globalThis.dispatchEvent(new Event('online'));
}

const texts = ({ server }: Pick<World, 'server'>) =>
  [...(server.rooms.get(1)?.messages.values() ?? [])].map((message) => message.content);

describe('an edit without a connection', () => {
  it('shows in its row, and Escape cancels it for good', async () => {
    const w = await offline();
    await w.composer.click();
    await userEvent.keyboard('{ArrowUp}');
    await w.screen.getByRole('textbox', { name: 'Edit message' }).fill('regretted');
    await userEvent.keyboard('{Enter}');
    await expect.element(w.screen.getByText('Edit waiting to be sent')).toBeVisible();
    expect(shown()).toContain('regretted');
    await expect.element(w.composer).toHaveFocus();
    await userEvent.keyboard('{Escape}');
    await expect.element(w.screen.getByText('Edit waiting to be sent')).not.toBeInTheDocument();
    expect(shown()).toContain('helo');
    online(w);
    await w.connected();
    await w.composer.fill('next');
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(texts(w)).toEqual(['Coffee?', 'helo', 'next']));
  });

  it('is sent when there is one', async () => {
    const w = await offline();
    await w.composer.click();
    await userEvent.keyboard('{ArrowUp}');
    await w.screen.getByRole('textbox', { name: 'Edit message' }).fill('hello');
    await userEvent.keyboard('{Enter}');
    await w.list.getByText('Coffee?').hover();
    await w.screen.getByRole('button', { name: 'React with 👍' }).click();
    await expect.element(w.screen.getByRole('button', { name: '👍, You, waiting to be sent' })).toBeVisible();
    online(w);
    await vi.waitFor(() => expect(texts(w)).toEqual(['Coffee?', 'hello']), 15_000);
    await expect.element(w.screen.getByRole('button', { name: '👍, You', exact: true })).toBeVisible();
  });

  it('that conflicts with another one shows both texts, and the user chooses', async () => {
    const w = await offline();
    await w.composer.click();
    await userEvent.keyboard('{ArrowUp}');
    await w.screen.getByRole('textbox', { name: 'Edit message' }).fill('from the train');
    await userEvent.keyboard('{Enter}');
    const id = [...(w.server.rooms.get(1)?.messages.keys() ?? [])][1];
    w.server.run(ANN, 'edit_message', { message_id: id, content: 'from the phone' });
    online(w);
    await expect.element(w.screen.getByText('Your edit was not saved.'), { timeout: 15_000 }).toBeVisible();
    expect(shown()).toContain('from the phone');
    await expect.element(w.screen.getByText('from the train')).toBeVisible();
    await w.screen.getByRole('button', { name: 'Use mine' }).click();
    await vi.waitFor(() => expect(texts(w)).toEqual(['Coffee?', 'from the train']));
    await expect.element(w.screen.getByText('Your edit was not saved.')).not.toBeInTheDocument();
  });
});

describe('an edit in progress', () => {
  it('is kept like a draft when the room is left', async () => {
    const { server, open } = world();
    server.post(1, ANN, 'helo');
    const { screen, list, composer } = await open();
    await expect.element(list.getByText('helo')).toBeVisible();
    await composer.click();
    await userEvent.keyboard('{ArrowUp}');
    await screen.getByRole('textbox', { name: 'Edit message' }).fill('half an edit');
    await screen.getByRole('link', { name: /second/ }).click();
    await expect
      .element(screen.getByRole('link', { name: /^Channel first/ }))
      .toHaveTextContent('Editing: half an edit');
    await screen.getByRole('link', { name: /^Channel first/ }).click();
    await expect.element(screen.getByRole('textbox', { name: 'Edit message' })).toHaveValue('half an edit');
  });
});

describe('a failed message', () => {
  it('keeps its reply reference when it is edited', async () => {
    const { server, open } = world();
    const asked = server.post(1, BOB, 'Coffee?');
    const { screen, list, composer } = await open();
    await list.getByText('Coffee?').hover();
    await screen.getByRole('button', { name: 'Reply' }).click();
    vi.spyOn(server, 'send').mockImplementationOnce(() => {
      throw new Refusal('forbidden');
    });
    await composer.fill('Always');
    await userEvent.keyboard('{Enter}');
    await screen.getByRole('button', { name: 'Edit', exact: true }).click();
    await expect.element(screen.getByText('Reply to bob')).toBeVisible();
    await userEvent.keyboard('{Enter}');
    const sent = () => [...(server.rooms.get(1)?.messages.values() ?? [])].at(-1);
    await vi.waitFor(() => expect(sent()).toMatchObject({ content: 'Always', reply_to: { id: asked.id } }));
  });

  it('is restored by Undo', async () => {
    const { server, open } = world();
    const { screen, composer } = await open();
    vi.spyOn(server, 'send').mockImplementationOnce(() => {
      throw new Refusal('forbidden');
    });
    await composer.fill('too bold');
    await userEvent.keyboard('{Enter}');
    await screen.getByRole('button', { name: 'Delete', exact: true }).click();
    await expect.element(screen.getByText('Not sent.')).not.toBeInTheDocument();
    await screen.getByRole('button', { name: 'Undo' }).last().click();
    await expect.element(screen.getByText('Not sent.')).toBeVisible();
    expect(shown()).toEqual(['too bold']);
  });
});

describe('the list of unsent messages', () => {
  it('includes messages for a room that is gone, and moves them to another room', async () => {
    const w = await offline();
    for (const text of ['one', 'two']) {
      await w.composer.fill(text);
      await userEvent.keyboard('{Enter}');
    }
    w.server.remove(1, ANN);
    online(w);
    await expect.element(w.screen.getByText('You are not in this room'), { timeout: 15_000 }).toBeVisible();
    await userEvent.keyboard('{Control>}{Shift>}l{/Shift}{/Control}');
    const tray = w.screen.getByRole('dialog', { name: 'Not sent (2)' });
    await expect.element(tray.getByText('#first').first()).toBeVisible();
    await expect.element(tray.getByText('You are no longer in this room.').first()).toBeVisible();
    await tray.getByRole('listitem').filter({ hasText: 'two' }).getByRole('button', { name: 'Delete' }).click();
    await expect.element(w.screen.getByRole('dialog', { name: 'Not sent (1)' })).toBeVisible();
    await w.screen.getByRole('dialog').getByRole('button', { name: 'Undo' }).click();
    const one = tray.getByRole('listitem').filter({ hasText: 'one' });
    await one.getByRole('button', { name: 'Move to…' }).click();
    await w.screen.getByRole('menuitem', { name: '#second' }).click();
    await expect.element(w.screen.getByRole('textbox', { name: 'Message #second' })).toHaveValue('one');
    await expect.element(w.screen.getByRole('button', { name: 'Not sent (1)' })).toBeVisible();
  });

  it('opens from a sign-out that could not send first, with the reason', async () => {
    const w = await offline();
    await w.composer.fill('one');
    await userEvent.keyboard('{Enter}');
    w.server.remove(1, ANN);
    online(w);
    await expect.element(w.screen.getByText('You are not in this room'), { timeout: 15_000 }).toBeVisible();
    await w.screen.getByRole('button', { name: /^Ann / }).click();
    await w.screen.getByRole('menuitem', { name: 'Sign out' }).click();
    const dialog = w.screen.getByRole('dialog');
    await expect.element(dialog.getByText(/One message has not been sent yet/)).toBeVisible();
    await dialog.getByRole('button', { name: 'Send first' }).click();
    await expect.element(dialog.getByText('You cannot write here any more.')).toBeVisible();
    await dialog.getByRole('button', { name: 'Show them' }).click();
    await expect.element(w.screen.getByRole('dialog', { name: 'Not sent (1)' })).toBeVisible();
  });
});

describe('a dialog without a connection', () => {
  it('shows the error at once, and keeps what was typed', async () => {
    const w = await offline();
    await w.screen.getByRole('button', { name: 'Add a channel' }).click();
    await w.screen.getByRole('menuitem', { name: 'Create a channel' }).click();
    await w.screen.getByRole('textbox', { name: 'Name' }).fill('late');
    await w.screen.getByRole('button', { name: 'Create channel' }).click();
    await expect.element(w.screen.getByText('You are offline. Try again when connected.')).toBeVisible();
    await expect.element(w.screen.getByRole('textbox', { name: 'Name' })).toHaveValue('late');
    online(w);
    await w.connected();
    expect([...w.server.rooms.values()].map((room) => room.name)).not.toContain('late');
  });
});

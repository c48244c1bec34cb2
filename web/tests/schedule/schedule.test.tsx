/** Messages that are sent later: by keyboard and by mouse, with a connection and without one. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { openPanel } from '../../src/app/panels.ts';
import { suggestions, toFields } from '../../src/features/schedule/times.ts';
import { ANN, BOB, world } from '../app/world.tsx';

const HOUR_MS = 3_600_000;

beforeEach(() => openPanel.set(null));

async function opened() {
  const made = world();
  made.server.post(1, BOB, 'Coffee?');
  const shown = await made.open();
  await shown.connected();
  const { screen, composer } = shown;
  const list = screen.getByRole('dialog', { name: /^Scheduled messages/ });
  return {
    ...made,
    ...shown,
    list,
    planned: () => made.server.scheduled.of(ANN),
    texts: () => [...(made.server.rooms.get(1)?.messages.values() ?? [])].map(({ content }) => content),
    /** By the first time that is offered. */
    async schedule(text: string) {
      await composer.fill(text);
      await userEvent.keyboard('{Control>}{Shift>}{Enter}{/Shift}{/Control}');
      await expect.element(screen.getByRole('menu', { name: 'Send later' })).toBeVisible();
      await userEvent.keyboard('{Enter}');
      await expect.element(composer).toHaveValue('');
    },
    async openList() {
      await screen.getByRole('button', { name: /^Scheduled/ }).click();
      await expect.element(list).toBeVisible();
    },
  };
}

describe('what stands in the composer', () => {
  it('is scheduled by keyboard, for a time of the own clock', async () => {
    const w = await opened();
    await w.composer.fill('Good morning');
    await userEvent.keyboard('{Control>}{Shift>}{Enter}{/Shift}{/Control}');
    const times = suggestions(Date.now());
    const last = times.at(-1);
    await expect.element(w.screen.getByRole('menuitem', { name: last?.label ?? '' })).toBeVisible();
    for (let step = 1; step < times.length; step += 1) await userEvent.keyboard('{ArrowDown}');
    await userEvent.keyboard('{Enter}');
    await expect.element(w.composer).toHaveValue('');
    await expect.element(w.screen.getByRole('group', { name: 'Scheduled in this room' })).toBeVisible();
    expect(w.planned()).toMatchObject([{ content: 'Good morning', at: new Date(last?.at ?? 0).toISOString() }]);
    expect(w.texts()).toEqual(['Coffee?']);
  });

  it('is scheduled for a date and a time, which have to come', async () => {
    const w = await opened();
    await w.composer.fill('Happy new year');
    await w.screen.getByRole('button', { name: 'Schedule for later' }).click();
    await w.screen.getByRole('menuitem', { name: 'Another time…' }).click();
    const dialog = w.screen.getByRole('dialog', { name: 'Send later' });
    const passed = toFields(Date.now() - 24 * HOUR_MS);
    await dialog.getByLabelText('Date').fill(passed.date);
    await expect.element(dialog.getByText('This time has passed. Choose a later one.')).toBeVisible();
    await expect.element(dialog.getByRole('button', { name: 'Schedule' })).toBeDisabled();
    const at = new Date(new Date().getFullYear(), new Date().getMonth(), new Date().getDate() + 40, 0, 5);
    const fields = toFields(at.getTime());
    await dialog.getByLabelText('Date').fill(fields.date);
    await dialog.getByLabelText('Time').fill(fields.time);
    await expect.element(dialog.getByText(/^Sent on /)).toBeVisible();
    await userEvent.keyboard('{Enter}');
    await expect.element(w.composer).toHaveValue('');
    expect(w.planned()).toMatchObject([{ content: 'Happy new year', at: at.toISOString() }]);
  });

  it('stays there without a connection, and is scheduled once when there is one', async () => {
    const w = await opened();
    Object.assign(w.network, { sockets: 'refused', http: 'down' });
    w.network.closeAll(1006);
    await expect.element(w.screen.getByText(/^Connection failed/), { timeout: 15_000 }).toBeVisible();
    await w.composer.fill('Later');
    await w.screen.getByRole('button', { name: 'Schedule for later' }).click();
    await w.screen.getByRole('menuitem', { name: 'In an hour' }).click();
    await expect.element(w.screen.getByText('You are offline. Try again when connected.').first()).toBeVisible();
    await expect.element(w.composer).toHaveValue('Later');
    Object.assign(w.network, { sockets: 'none', http: 'none' });
    globalThis.dispatchEvent(new Event('online'));
    await w.connected();
    await w.schedule('Later');
    expect(w.planned().map(({ content }) => content)).toEqual(['Later']);
  });

  it('has to be something', async () => {
    const w = await opened();
    await w.screen.getByRole('button', { name: 'Schedule for later' }).click();
    await expect.element(w.screen.getByText('Write a message to send it later.')).toBeVisible();
    await w.screen.getByRole('menuitem', { name: 'Scheduled messages' }).click();
    await expect.element(w.list.getByText(/^Nothing is scheduled/)).toBeVisible();
  });
});

describe('the list of scheduled messages', () => {
  it('changes one, in its words and its time', async () => {
    const w = await opened();
    await w.schedule('Good mornign');
    await w.openList();
    await w.list.getByRole('button', { name: 'Change' }).click();
    const dialog = w.screen.getByRole('dialog', { name: 'Change scheduled message' });
    await dialog.getByLabelText('Message').fill('Good morning');
    const tomorrow = toFields(Date.now() + 24 * HOUR_MS);
    await dialog.getByLabelText('Date').fill(tomorrow.date);
    await dialog.getByLabelText('Time').fill('09:00');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect.element(w.list.getByText('Good morning')).toBeVisible();
    const [planned] = w.planned();
    expect([w.planned().length, toFields(Date.parse(planned?.at ?? ''))]).toEqual([
      1,
      { date: tomorrow.date, time: '09:00' },
    ]);
  });

  it('sends one now, and cancels one, which can be undone', async () => {
    const w = await opened();
    await w.schedule('One');
    await w.schedule('Two');
    await w.openList();
    const row = (text: string) => w.list.getByRole('listitem').filter({ hasText: text });
    await row('One').getByRole('button', { name: 'Send now' }).click();
    await vi.waitFor(() => expect(w.planned()[0]?.at).toBe(new Date(0).toISOString()));
    w.server.scheduled.sendDue(0);
    await expect.element(row('One')).not.toBeInTheDocument();
    expect(w.texts()).toEqual(['Coffee?', 'One']);
    await row('Two').getByRole('button', { name: 'Cancel' }).click();
    await expect.element(w.list.getByText(/^Nothing is scheduled/)).toBeVisible();
    await w.list.getByRole('button', { name: 'Undo' }).click();
    await expect.element(row('Two')).toBeVisible();
    expect(w.planned().map(({ content }) => content)).toEqual(['Two']);
  });

  it('keeps what could not be sent, with its text and the reason, and the app says so', async () => {
    const w = await opened();
    await w.schedule('To the first room');
    w.server.remove(1, ANN);
    w.server.scheduled.sendDue(Date.now() + 2 * HOUR_MS);
    await expect.element(w.screen.getByText('A scheduled message was not sent.').first()).toBeVisible();
    await expect.element(w.screen.getByRole('button', { name: 'Scheduled, not sent (1)' })).toBeVisible();
    await w.screen.getByRole('button', { name: 'Show', exact: true }).first().click();
    await expect.element(w.list.getByText('To the first room')).toBeVisible();
    await expect.element(w.list.getByText('Not sent. You cannot write here any more.')).toBeVisible();
    await expect.element(w.list.getByText('A room that you are no longer in')).toBeVisible();
    await w.list.getByRole('button', { name: 'Delete' }).click();
    await vi.waitFor(() => expect(w.planned()).toEqual([]));
  });
});

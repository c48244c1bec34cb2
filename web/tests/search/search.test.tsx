import { afterEach, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { openPanel } from '../../src/app/panels.ts';
import { ANN, BOB, CID, world } from '../app/world.tsx';

afterEach(() => openPanel.set(null));

const said = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1} of the day`);

/** Two rooms with messages, read; Ann is connected in the first one. */
async function talked(count = 6) {
  const made = world();
  const { server, open } = made;
  const quokka = server.post(1, BOB, 'The **quokka** was deployed');
  for (const text of said(count)) server.post(1, CID, text);
  server.post(2, CID, 'deploy the wombat at https://example.org');
  for (const id of [1, 2]) server.run(ANN, 'mark_read', { room_id: id, seq: server.rooms.get(id)?.head ?? 0 });
  const opened = await open();
  await opened.connected();
  const { screen } = opened;
  const field = screen.getByRole('combobox', { name: 'Search messages' });
  const hits = screen.getByRole('listbox', { name: 'Messages found' }).getByRole('option');
  const start = async (query: string) => {
    await userEvent.keyboard('{Control>}k{/Control}');
    await screen.getByRole('combobox', { name: 'Jump to a room or person' }).fill(query);
    await userEvent.keyboard('{Control>}{Enter}{/Control}');
    await expect.element(field).toHaveFocus();
  };
  return { ...made, ...opened, quokka, field, hits, start };
}

it('Ctrl+K jumps, or searches messages where nothing is called so', async () => {
  const { screen, field, hits } = await talked();
  await userEvent.keyboard('{Control>}k{/Control}');
  const jump = screen.getByRole('combobox', { name: 'Jump to a room or person' });
  await jump.fill('sec');
  const options = screen.getByRole('option');
  await expect.element(options.first()).toHaveTextContent('second');
  await expect.element(options.last()).toHaveTextContent('Search messages for sec');
  await jump.fill('quokka');
  await expect.element(options.first()).toHaveTextContent('Search messages for quokka');
  await userEvent.keyboard('{Enter}');
  await expect.element(field).toHaveValue('quokka');
  await expect.element(hits.first()).toHaveTextContent(/bob.*first.*The \*\*quokka\*\* was deployed/);
  await expect.element(hits.first().getByText('quokka', { exact: true })).toBeVisible();
  await expect.element(screen.getByTestId('announcer')).toHaveTextContent('1 message found');
});

it('a hit far back opens its room around it, highlighted', async () => {
  const { screen, list, quokka, hits, start } = await talked(150);
  await expect.element(list.getByText('line 150 of the day')).toBeInViewport();
  await start('quokka');
  await expect.element(hits.first()).toBeVisible();
  await userEvent.keyboard('{ArrowDown}{Enter}');
  await expect.element(screen.getByRole('dialog')).not.toBeInTheDocument();
  const row = screen.getByRole('feed').getByText('The quokka was deployed');
  await expect.element(row).toBeInViewport();
  await vi.waitFor(() => {
    const article = document.querySelector(`[data-message="${quokka.id}"]`);
    expect(article?.classList.contains('animate-flash')).toBe(true);
  });
});

it('a hit of another room opens that room at it', async () => {
  const { screen, hits, start } = await talked();
  await start('wombat');
  await hits.first().click();
  await expect.element(screen.getByRole('heading', { level: 1 })).toHaveTextContent('second');
  await expect.element(screen.getByRole('feed').getByText('deploy the wombat')).toBeInViewport();
});

it('filters become chips; Backspace and a press remove them', async () => {
  const { screen, field, hits, start } = await talked();
  await start('deploy');
  await expect.element(hits.nth(1)).toBeVisible();
  await userEvent.keyboard(' from:');
  const values = screen.getByRole('listbox', { name: 'Values of this filter' }).getByRole('option');
  await expect.element(values.first()).toHaveTextContent('Me');
  await userEvent.keyboard('bo');
  await expect.element(values.first()).toHaveTextContent('bob');
  // Half a filter is not searched for.
  await expect.element(hits.nth(1)).toBeVisible();
  await userEvent.keyboard('{Tab}');
  const chip = screen.getByRole('button', { name: 'Remove the filter from: bob' });
  await expect.element(chip).toBeVisible();
  await expect.element(field).toHaveValue('deploy ');
  await expect.element(hits).toHaveTextContent(/quokka/);
  await chip.click();
  await expect.element(hits.nth(1)).toBeVisible();
  await userEvent.keyboard('has:link ');
  await expect.element(screen.getByRole('button', { name: 'Remove the filter has: link' })).toBeVisible();
  await expect.element(hits).toHaveTextContent(/wombat/);
  await userEvent.keyboard('{Home}{Backspace}');
  await expect.element(hits.nth(1)).toBeVisible();
});

it('Escape closes the completions first, then the dialog; a button begins a filter', async () => {
  const { screen, field, start } = await talked();
  await start('deploy');
  const values = screen.getByRole('listbox', { name: 'Values of this filter' });
  await field.fill('deploy from:');
  await expect.element(values).toBeVisible();
  await userEvent.keyboard('{Escape}');
  await expect.element(values).not.toBeInTheDocument();
  await screen.getByRole('button', { name: 'Has', exact: true }).click();
  await expect.element(values.getByRole('option', { name: /^Link/ })).toBeVisible();
  await userEvent.keyboard('{Escape}{Escape}');
  await expect.element(screen.getByRole('dialog')).not.toBeInTheDocument();
});

it('Ctrl+F searches a room with a long history; the room is a chip as well', async () => {
  const { screen, list, hits, field } = await talked(150);
  await expect.element(list.getByText('line 150 of the day')).toBeInViewport();
  await userEvent.keyboard('{Control>}f{/Control}');
  await expect.element(field).toHaveFocus();
  await userEvent.keyboard('deploy');
  await expect.element(hits).toHaveTextContent(/quokka/);
  await screen.getByRole('button', { name: 'Stop searching in #first alone' }).click();
  await expect.element(hits.nth(1)).toBeVisible();
});

it('Ctrl+F is left to the browser where everything is loaded', async () => {
  const { screen, list } = await talked();
  await expect.element(list.getByText('line 6 of the day')).toBeInViewport();
  const press = new KeyboardEvent('keydown', { key: 'f', ctrlKey: true, bubbles: true, cancelable: true });
  document.body.dispatchEvent(press);
  expect(press.defaultPrevented).toBe(false);
  await expect.element(screen.getByRole('dialog')).not.toBeInTheDocument();
});

it('more hits come when the end of the list is reached', async () => {
  const { screen, hits, start } = await talked(45);
  await start('line');
  await expect.element(hits.nth(19)).toBeInTheDocument();
  await userEvent.keyboard('{ArrowDown}');
  for (let turn = 0; turn < 60 && !document.querySelector('[role=option]:nth-child(45)'); turn += 1)
    await userEvent.keyboard('{PageDown}');
  await expect.element(hits.nth(44)).toBeInTheDocument();
  await expect.element(screen.getByRole('button', { name: 'Show more' })).not.toBeInTheDocument();
});

it('says when nothing is found, and when the search failed or there is no network', async () => {
  const { screen, network, start, hits } = await talked();
  await start('nothingsaidso');
  await expect.element(screen.getByText('No message has all of this.')).toBeVisible();
  network.http = 'down';
  network.sockets = 'refused';
  network.closeAll(1006);
  await screen.getByRole('combobox', { name: 'Search messages' }).fill('quokka');
  const alert = screen.getByRole('dialog').getByRole('alert');
  await expect.element(alert).toBeVisible();
  network.http = 'none';
  network.sockets = 'none';
  await alert.getByRole('button', { name: 'Try again' }).click();
  await expect.element(hits).toHaveTextContent(/quokka/);
});

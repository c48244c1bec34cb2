import { expect, it, vi } from 'vitest';
import { page } from 'vitest/browser';
import { ANN, world } from './world.tsx';

const KEY = `backchannel.lastRoom.${ANN}`;
const header = (screen: Awaited<ReturnType<ReturnType<typeof world>['open']>>['screen']) =>
  screen.getByRole('heading', { level: 1 });

it('the room that is open is opened again when the app starts without one', async () => {
  const first = await world().open('/rooms/2');
  await expect.element(header(first.screen)).toHaveTextContent('second');
  await first.screen.unmount();
  expect(localStorage.getItem(KEY)).toBe('2');
  const next = world();
  localStorage.setItem(KEY, '2');
  const { screen } = await next.open('/');
  await expect.element(header(screen)).toHaveTextContent('second');
});

it('a room that the user is no longer in is not, nor one before the address that was opened', async () => {
  const gone = world();
  localStorage.setItem(KEY, '77');
  const first = await gone.open('/');
  await first.connected();
  await expect.element(first.screen.getByText(/Good to see you/)).toBeVisible();
  await first.screen.unmount();
  const other = world();
  localStorage.setItem(KEY, '2');
  const { screen } = await other.open('/rooms/1');
  await expect.element(header(screen)).toHaveTextContent('first');
});

it('a phone starts with the list of rooms', async () => {
  await page.viewport(390, 800);
  const made = world();
  localStorage.setItem(KEY, '2');
  const { screen, connected } = await made.open('/');
  await connected();
  await expect.element(screen.getByRole('link', { name: 'Channel second' })).toBeVisible();
  expect(screen.getByRole('textbox', { name: /^Message/ }).elements()).toEqual([]);
  await page.viewport(1100, 700);
});

it('signing out forgets it', async () => {
  const { screen, connected } = await world().open('/rooms/2');
  await connected();
  await vi.waitFor(() => expect(localStorage.getItem(KEY)).toBe('2'));
  await screen.getByRole('button', { name: /Ann/ }).first().click();
  await screen.getByRole('menuitem', { name: 'Sign out' }).click();
  await screen.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await vi.waitFor(() => expect(localStorage.getItem(KEY)).toBeNull());
});

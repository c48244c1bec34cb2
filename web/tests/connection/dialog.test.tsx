import { afterEach, expect, it, vi } from 'vitest';
import { page as browser } from 'vitest/browser';
import { openPanel } from '../../src/app/panels.ts';
import { person } from '../fleet/answers.ts';
import { world } from '../app/world.tsx';

afterEach(() => {
  vi.unstubAllGlobals();
  openPanel.set(null);
});

async function openDialog() {
  vi.stubGlobal('fetch', async () => Response.json({ ...person, recordings: undefined }));
  const w = world();
  const { connected } = await w.open();
  await connected();
  await browser.getByRole('button', { name: /^Ann / }).click();
  await browser.getByRole('menuitem', { name: 'Connection' }).click();
  return w;
}

it('says that all is well, since when, and what ended connections before', async () => {
  await openDialog();
  const dialog = browser.getByRole('dialog', { name: 'Connection' });
  await expect.element(dialog.getByText('Connected', { exact: true }).first()).toBeVisible();
  await expect.element(dialog).toHaveTextContent('Messages goover the WebSocket');
  await expect.element(dialog).toHaveTextContent('This device slept.');
  await expect.element(dialog).toHaveTextContent('The WebSocket works.');
  await expect.element(dialog.getByRole('button', { name: 'Try now' })).not.toBeInTheDocument();
});

it('opens from the indicator, names the other way, and tries again', async () => {
  vi.stubGlobal('fetch', async () => Response.json({ ...person, lanes: [] }));
  const w = world();
  w.network.sockets = 'refused';
  await w.open();
  await browser.getByRole('status').getByRole('button', { name: 'Details' }).click();
  const dialog = browser.getByRole('dialog', { name: 'Connection' });
  await expect.element(dialog).toHaveTextContent('Connected another way');
  await expect.element(dialog).toHaveTextContent('The WebSocket could not be opened');
  // The button is gone once it is connected: it is pressed before that.
  await dialog.getByRole('button', { name: 'Try now' }).click();
  w.network.sockets = 'none';
  await expect.element(dialog).toHaveTextContent('Messages goover the WebSocket');
});

/** Files from the hand to the message: added, described, sent, failed, waiting, taken back. */
import { describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { fileTargets } from '../../src/app/files.ts';
import { world } from '../app/world.tsx';

type World = ReturnType<typeof world>;

async function room(change: (made: World) => void = () => undefined) {
  const made = world();
  change(made);
  const opened = await made.open();
  await opened.connected();
  // The code for files is loaded after the room is shown.
  await vi.waitFor(() => expect(fileTargets.get().room).toBeTruthy());
  const { screen } = opened;
  const tray = screen.getByRole('region', { name: 'Files to send' });
  const button = (name: string | RegExp) => screen.getByRole('button', { name, exact: true });
  return { ...made, ...opened, tray, button };
}

const text = (name: string, content = 'bytes') => new File([content], name, { type: 'text/plain' });

async function picture(name: string, width = 600, height = 300): Promise<File> {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')?.fillRect(0, 0, width, height / 2);
  return new File([await canvas.convertToBlob()], name, { type: 'image/png' });
}

function drop(...files: readonly File[]): void {
  const data = new DataTransfer();
  for (const file of files) data.items.add(file);
  document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: data }));
}

const messages = ({ server }: Pick<World, 'server'>, roomId = 1) =>
  [...(server.rooms.get(roomId)?.messages.values() ?? [])].map(({ content, attachments }) => [
    content,
    attachments.map(({ name }) => name),
  ]);

function goOffline({ network }: World): void {
  Object.assign(network, { sockets: 'refused', http: 'down' });
  network.closeAll(1006);
}

function comeBack({ network }: World): void {
  Object.assign(network, { sockets: 'none', http: 'none' });
  globalThis.dispatchEvent(new Event('online'));
}

describe('files', () => {
  it('are dropped anywhere, described, and sent in their order with the text', async () => {
    const w = await room();
    drop(await picture('mill.png'), text('b.txt'), text('a.txt', 'x'.repeat(9)));
    await expect.element(w.tray.getByText('9 bytes · Ready')).toBeVisible();
    expect(
      w.tray
        .getByRole('listitem')
        .elements()
        .map((item) => item.querySelector('bdi')?.textContent),
    ).toEqual(['mill.png', 'b.txt', 'a.txt']);
    await w.button('Describe mill.png').click();
    await w.screen.getByRole('textbox', { name: 'Description of mill.png' }).fill('An old mill');
    await userEvent.keyboard('{Enter}');
    await expect.element(w.button('Change the description of mill.png')).toHaveTextContent('An old mill');
    await expect.element(w.composer).toHaveFocus();
    await w.composer.fill('Look');
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(messages(w)).toEqual([['Look', ['mill.png', 'b.txt', 'a.txt']]]));
    const [sent] = [...(w.server.rooms.get(1)?.messages.values() ?? [])];
    expect(sent?.attachments[0]?.alt).toBe('An old mill');
    await expect.element(w.tray).not.toBeInTheDocument();
    await expect.element(w.composer).toHaveValue('');
  });

  it('are sent without text, and by the picker', async () => {
    const w = await room();
    const field = document.querySelector('input[type=file]') as HTMLInputElement;
    await userEvent.upload(field, [text('notes.txt')]);
    await expect.element(w.tray.getByText(/Ready/)).toBeVisible();
    await w.button('Send').click();
    await vi.waitFor(() => expect(messages(w)).toEqual([['', ['notes.txt']]]));
    // The same file can be chosen again.
    await userEvent.upload(field, [text('notes.txt')]);
    await expect.element(w.tray).toBeVisible();
  });

  it('that are too large are refused before a request, and say what to do', async () => {
    const w = await room();
    const large = text('film.mov');
    Object.defineProperty(large, 'size', { value: 200 * 2 ** 20 });
    drop(large);
    await expect
      .element(w.tray.getByText(/^200 MB is too large: the limit is 100 MB\. Send a smaller version/))
      .toBeVisible();
    await expect.element(w.screen.getByTestId('announcer')).toHaveTextContent(/film\.mov was not added/);
    expect(w.network.requests.filter(({ path }) => path.includes('upload'))).toEqual([]);
    await w.button('Dismiss film.mov').click();
    await expect.element(w.tray).not.toBeInTheDocument();
  });

  it('stay with the room they were dropped into', async () => {
    const w = await room();
    w.server.uploads.isSlow = true;
    drop(text('first.txt'));
    await w.screen.getByRole('link', { name: /second/ }).click();
    await expect.element(w.tray).not.toBeInTheDocument();
    w.server.uploads.isSlow = false;
    await w.screen.getByRole('link', { name: /first/ }).click();
    await expect.element(w.tray).toHaveTextContent('first.txt');
    await w.button('Send').click();
    await vi.waitFor(() => expect(messages(w)).toEqual([['', ['first.txt']]]), 15_000);
    expect(messages(w, 2)).toEqual([]);
  });

  it('are removed from tray and server', async () => {
    const w = await room();
    drop(text('regret.txt'));
    await expect.element(w.tray.getByText(/Ready/)).toBeVisible();
    const id = document.querySelector<HTMLElement>('[data-file]')?.dataset['file'] ?? '';
    expect(w.server.uploads.bytesOf(id)).toHaveLength(5);
    await w.button('Remove regret.txt').click();
    await expect.element(w.tray).not.toBeInTheDocument();
    await vi.waitFor(() => expect(w.server.uploads.bytesOf(id)).toBeUndefined());
  });

  it('are announced once, at the end', async () => {
    const w = await room();
    const received: string[] = [];
    const announcer = w.screen.getByTestId('announcer').element();
    new MutationObserver(() => received.push(announcer.textContent ?? '')).observe(announcer, {
      childList: true,
      subtree: true,
    });
    drop(text('a.txt'), text('b.txt'));
    await vi.waitFor(() => expect(received.at(-1)).toBe('2 files are uploaded.'));
    expect(received).toEqual(['2 files added.', '2 files are uploaded.']);
  });
});

describe('a message that waits for its files', () => {
  it('is in its place, and text behind it is sent', async () => {
    const w = await room(({ server }) => (server.uploads.isSlow = true));
    drop(text('slow.txt'));
    await w.composer.fill('with a file');
    await w.button('Send').click();
    await expect
      .element(w.list.getByRole('article', { name: /^You, .*, waiting to be sent/ }))
      .toHaveTextContent('slow.txt');
    await w.composer.fill('text');
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(messages(w)).toEqual([['text', []]]));
    const rows = () =>
      [...w.list.getByRole('article').elements()].map((row) => row.querySelector('.bc-text')?.textContent);
    await vi.waitFor(() => expect(rows()).toEqual(['text', 'with a file']));
    w.server.uploads.isSlow = false;
    await vi.waitFor(() => expect(messages(w).map(([content]) => content)).toEqual(['text', 'with a file']), 15_000);
  });

  it('shows the reason at the file that failed, and goes on when that one is removed', async () => {
    const w = await room(({ server }) => (server.uploads.infected = 'bad.exe'));
    w.network.http = 'down';
    drop(text('good.txt'), text('bad.exe'));
    await expect.element(w.tray).toHaveTextContent('bad.exe');
    await w.composer.fill('both');
    await w.button('Send').click();
    w.network.http = 'none';
    const row = w.list.getByRole('article', { name: /not sent/ });
    await expect.element(row, { timeout: 15_000 }).toHaveTextContent('The server’s virus scanner refused this file.');
    await expect.element(row).toHaveTextContent('A file could not be uploaded.');
    await w.button('Remove bad.exe').click();
    await vi.waitFor(() => expect(messages(w)).toEqual([['both', ['good.txt']]]), 15_000);
  });

  it('is not sent while a file in the tray has failed, which is said', async () => {
    const w = await room(({ server }) => (server.uploads.infected = 'bad.exe'));
    drop(text('bad.exe'));
    await expect.element(w.tray).toHaveTextContent('The server’s virus scanner refused this file.');
    await w.button('Send').click();
    await expect.element(w.screen.getByTestId('announcer')).toHaveTextContent(/Retry or remove it, then send/);
    await expect.element(w.tray).toBeVisible();
    expect(messages(w)).toEqual([]);
  });

  it('says without a connection that it waits, and is sent when there is one', async () => {
    const w = await room();
    goOffline(w);
    await expect.element(w.screen.getByText(/^Connection failed/), { timeout: 15_000 }).toBeVisible();
    drop(text('tunnel.txt'));
    await expect.element(w.tray).toHaveTextContent('Waits for a connection');
    await w.button('Send').click();
    await expect.element(w.list.getByRole('article', { name: /waiting/ })).toHaveTextContent('Waits for a connection');
    await expect.element(w.screen.getByRole('button', { name: 'Not sent (1)' })).toBeVisible();
    comeBack(w);
    await vi.waitFor(() => expect(messages(w)).toEqual([['', ['tunnel.txt']]]), 20_000);
  });

  it('goes back into the field with its files, or is deleted and comes back', async () => {
    const w = await room(({ server }) => (server.uploads.isSlow = true));
    drop(text('plan.txt'));
    await w.composer.fill('soon');
    await w.button('Send').click();
    const row = w.list.getByRole('article', { name: /waiting/ });
    await row.hover();
    await row.getByRole('button', { name: 'Edit' }).click();
    await expect.element(w.composer).toHaveValue('soon');
    await expect.element(w.tray).toHaveTextContent('plan.txt');
    await w.button('Send').click();
    await row.hover();
    await row.getByRole('button', { name: 'Delete' }).click();
    await expect.element(row).not.toBeInTheDocument();
    await expect.element(w.tray).not.toBeInTheDocument();
    await w.button('Undo').click();
    await expect.element(row).toHaveTextContent('plan.txt');
    w.server.uploads.isSlow = false;
    await vi.waitFor(() => expect(messages(w)).toEqual([['soon', ['plan.txt']]]), 15_000);
  });

  it('is forgotten with its files when the person signs out', async () => {
    const w = await room(({ server }) => (server.uploads.isSlow = true));
    drop(text('mine.txt'));
    await w.composer.fill('mine');
    await w.button('Send').click();
    await w.button(/^Ann/).click();
    await w.screen.getByRole('menuitem', { name: 'Sign out' }).click();
    const dialog = w.screen.getByRole('dialog');
    await expect.element(dialog).toHaveTextContent('One message has not been sent yet');
    await dialog.getByRole('button', { name: 'Sign out and delete them' }).click();
    await vi.waitFor(() => expect(w.api.signOut).toHaveBeenCalled());
    w.server.uploads.isSlow = false;
    await expect.element(w.screen.getByRole('textbox', { name: /^Message/ })).toHaveValue('');
    await expect.element(w.list.getByRole('article', { name: /^You, / })).not.toBeInTheDocument();
    expect(messages(w)).toEqual([]);
  });
});

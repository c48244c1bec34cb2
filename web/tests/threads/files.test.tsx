/** Files in replies: they go to the thread where they are pasted into it, dropped on it, or picked there, and to the room elsewhere. */
import { afterEach, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { fileDrag, fileTargets } from '../../src/app/files.ts';
import { openThread } from '../../src/app/threads.ts';
import { stored, talked, untilStored } from './world.tsx';

afterEach(async () => {
  openThread.set(null);
  await page.viewport(1100, 700);
});

async function opened() {
  const made = talked();
  made.reply(made.root.id, 'in green');
  const app = await made.open();
  await app.summary('1 reply').click();
  await expect.element(app.field).toBeVisible();
  await vi.waitFor(() => expect(fileTargets.get().thread).toBeTruthy());
  const files = (place: 'thread' | 'room') =>
    (place === 'thread' ? app.panel : app.screen.getByRole('main')).getByRole('region', { name: 'Files to send' });
  return { ...made, ...app, files };
}

const text = (name: string, content = 'bytes') => new File([content], name, { type: 'text/plain' });

/** What the browser does where files are dragged, dropped or pasted. */
function happen(on: Element, kind: 'dragover' | 'drop' | 'paste', file: File): void {
  const data = new DataTransfer();
  data.items.add(file);
  const how = { bubbles: true, cancelable: true };
  on.dispatchEvent(
    kind === 'paste'
      ? new ClipboardEvent(kind, { ...how, clipboardData: data })
      : new DragEvent(kind, { ...how, dataTransfer: data }),
  );
}

const names = (w: Awaited<ReturnType<typeof opened>>) =>
  stored(w.server, w.root.id).map(({ content, attachments }) => [content, attachments.map(({ name }) => name)]);

it('a file that is pasted into the field goes with the reply', async () => {
  const w = await opened();
  happen(w.field.element(), 'paste', text('colours.txt'));
  await expect.element(w.files('thread').getByText(/Ready/)).toBeVisible();
  await expect.element(w.files('room')).not.toBeInTheDocument();
  await w.field.fill('these');
  await userEvent.keyboard('{Enter}');
  await untilStored(w.server, w.root.id, 'these');
  expect(names(w)).toEqual([
    ['in green', []],
    ['these', ['colours.txt']],
  ]);
  await expect.element(w.files('thread')).not.toBeInTheDocument();
  await expect.element(w.replies.getByText('colours.txt')).toBeVisible();
  await expect.element(w.room.getByText('colours.txt')).not.toBeInTheDocument();
});

it('a picked file is a reply without text, shown in the room where that is wanted', async () => {
  const w = await opened();
  await userEvent.upload(w.panel.getByLabelText('Files to attach').element(), [text('plan.txt')]);
  await expect.element(w.files('thread').getByText(/Ready/)).toBeVisible();
  await w.panel.getByRole('checkbox', { name: 'Show it in the room, too' }).click();
  await w.panel.getByRole('button', { name: 'Send reply' }).click();
  await expect.element(w.room.getByText('plan.txt')).toBeVisible();
  expect(names(w).at(-1)).toEqual(['', ['plan.txt']]);
});

it('what is dropped on the panel goes to the thread, elsewhere to the room, and the drag says which', async () => {
  const w = await opened();
  // Repeated, as browsers do: a drag that is silent for long is over.
  const drag = (on: Element, label: RegExp) =>
    vi.waitFor(() => {
      happen(on, 'dragover', text('a.txt'));
      expect(w.screen.getByText(label).query()).not.toBeNull();
      expect(w.screen.getByText(/^Drop to add to/).elements()).toHaveLength(1);
    });
  await drag(w.replies.element(), /Drop to add to this thread/);
  expect(fileDrag.get()).toBe('thread');
  await drag(w.room.element(), /Drop to add to .*first/);
  expect(fileDrag.get()).toBe('room');
  happen(w.replies.element(), 'drop', text('for-the-thread.txt'));
  happen(w.room.element(), 'drop', text('for-the-room.txt'));
  await expect.element(w.files('thread').getByText('for-the-thread.txt')).toBeVisible();
  await expect.element(w.files('room').getByText('for-the-room.txt')).toBeVisible();
  expect(w.files('thread').getByRole('listitem').elements()).toHaveLength(1);
  expect(w.files('room').getByRole('listitem').elements()).toHaveLength(1);
});

it('where the thread covers the room, all files go to the thread', async () => {
  await page.viewport(800, 700);
  const w = await opened();
  happen(document.body, 'drop', text('a.txt'));
  await expect.element(w.files('thread').getByText('a.txt')).toBeVisible();
});

it('a reply waits for its file, and gives both back to its field', async () => {
  const w = await opened();
  w.server.uploads.isSlow = true;
  happen(w.field.element(), 'paste', text('large.txt'));
  await expect.element(w.files('thread').getByText(/Being checked/)).toBeVisible();
  await w.field.fill('half a thought');
  await userEvent.keyboard('{Enter}');
  await expect.element(w.replies.getByRole('article', { name: /waiting to be sent/ })).toBeVisible();
  await expect.element(w.field).toHaveValue('');
  await w.panel.getByRole('button', { name: 'Edit', exact: true }).click();
  await expect.element(w.field).toHaveValue('half a thought');
  await expect.element(w.files('thread').getByText('large.txt')).toBeVisible();
  expect(names(w)).toHaveLength(1);
});

it('files stay with the thread they were added to', async () => {
  const w = await opened();
  happen(w.field.element(), 'paste', text('a.txt'));
  await expect.element(w.files('thread').getByText('a.txt')).toBeVisible();
  openThread.set({ roomId: 1, root: w.other.id, around: null });
  await expect.element(w.replies.getByText('the ladder is gone')).toBeVisible();
  await expect.element(w.files('thread')).not.toBeInTheDocument();
  openThread.set({ roomId: 1, root: w.root.id, around: null });
  await expect.element(w.files('thread').getByText('a.txt')).toBeVisible();
});

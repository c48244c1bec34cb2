import { beforeEach, describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { membersOpen, openPanel } from '../../src/app/panels.ts';
import { BOB, feed, world } from './world.tsx';

beforeEach(() => membersOpen.set(false));

async function room() {
  const made = world();
  made.server.post(1, BOB, 'hello');
  const shown = await made.open();
  await expect.element(shown.list.getByText('hello')).toBeVisible();
  return { ...made, ...shown };
}

describe('typing', () => {
  it('after a click on a message goes to the composer, including the first character', async () => {
    const { composer, list } = await room();
    await list.getByText('hello').click();
    expect(document.activeElement?.tagName).not.toBe('TEXTAREA');
    await userEvent.keyboard('Yes');
    await expect.element(composer).toHaveValue('Yes');
  });

  it.each(['feed row', 'button', 'link'])(
    'goes to the composer from a %s, except Space and shortcuts',
    async (where) => {
      const { composer, screen } = await room();
      const element = {
        'feed row': feed().querySelector('article'),
        button: screen.getByRole('button', { name: 'Show members' }).element(),
        link: screen.getByRole('link', { name: /first/ }).element(),
      }[where] as HTMLElement;
      for (const keys of [' ', '{Control>}y{/Control}', '{Alt>}y{/Alt}', '{Shift}', '{ArrowLeft}']) {
        element.focus();
        await userEvent.keyboard(keys);
        expect(document.activeElement).toBe(element);
      }
      await userEvent.keyboard('é?');
      await expect.element(composer).toHaveFocus();
      await expect.element(composer).toHaveValue('é?');
    },
  );

  it('right after Ctrl+K goes to the switcher, even before it appears, and not to the room', async () => {
    const { composer, screen, server } = await room();
    const field = document.querySelector('textarea') as HTMLTextAreaElement;
    field.focus();
    const press = (key: string, ctrlKey = false) => {
      const target = document.activeElement ?? document.body;
      return target.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true, cancelable: true }));
    };
    press('k', true);
    expect(document.querySelector('dialog')).toBeNull();
    // dispatchEvent returns false: the browser does not insert it into the focused field.
    for (const key of ['s', 'x', 'Backspace', 'c', 'Enter']) expect(press(key)).toBe(false);
    await expect.element(screen.getByRole('combobox', { name: 'Jump to a room or person' })).toHaveValue('sc');
    await userEvent.keyboard('nd{Enter}');
    await expect.element(screen.getByRole('heading', { name: 'second' })).toBeVisible();
    await expect.element(composer).toHaveValue('');
    expect(server.rooms.get(1)?.messages.size).toBe(1);
    await userEvent.keyboard('{Control>}k{/Control}');
    await expect.element(screen.getByRole('combobox', { name: 'Jump to a room or person' })).toHaveValue('');
  });

  it('stays in a dialog and in a menu', async () => {
    const { composer, screen } = await room();
    openPanel.set('shortcuts');
    await expect.element(screen.getByRole('dialog')).toBeVisible();
    await userEvent.keyboard('x');
    openPanel.set(null);
    await expect.element(screen.getByRole('dialog')).not.toBeInTheDocument();
    await screen.getByRole('button', { name: 'More about this room' }).click();
    await userEvent.keyboard('x');
    await expect.element(screen.getByRole('menu')).toBeVisible();
    await expect.element(composer).toHaveValue('');
  });
});

function transfer(content: { text?: string; uri?: string; file?: boolean }): DataTransfer {
  const data = new DataTransfer();
  if (content.text) data.setData('text/plain', content.text);
  if (content.uri) data.setData('text/uri-list', content.uri);
  if (content.file) data.items.add(new File(['x'], 'x.png', { type: 'image/png' }));
  return data;
}
/** Whether the drop is left to the browser, which would open it in place of the app. */
function drop(on: Element, dataTransfer: DataTransfer): boolean {
  const options = { bubbles: true, cancelable: true, dataTransfer };
  const over = on.dispatchEvent(new DragEvent('dragover', options));
  return on.dispatchEvent(new DragEvent('drop', options)) || over;
}

describe('what is dropped or pasted', () => {
  it.each(['body', '[role=feed]', 'nav', 'header', 'textarea'])(
    'a file on %s never opens in place of the app, and is added to the room that is open',
    async (where) => {
      const { screen, composer } = await room();
      const target = document.querySelector(where) as Element;
      expect(drop(target, transfer({ file: true }))).toBe(false);
      await expect.element(screen.getByRole('region', { name: 'Files to send' })).toHaveTextContent('x.png');
      await expect.element(composer).toHaveValue('');
    },
  );

  it('is not opened by the browser on the sign-in screen either', async () => {
    const { open } = world();
    const { screen } = await open('/', { user: null });
    await expect.element(screen.getByRole('button', { name: 'Sign in' })).toBeVisible();
    expect(drop(document.body, transfer({ file: true }))).toBe(false);
    expect(drop(document.body, transfer({ uri: 'https://example.org' }))).toBe(false);
  });

  it('goes to the composer at the caret if it is text or a link', async () => {
    const { composer } = await room();
    await composer.fill('see ');
    expect(drop(feed(), transfer({ uri: 'https://example.org/a', text: 'https://example.org/a' }))).toBe(false);
    await expect.element(composer).toHaveValue('see https://example.org/a');
    drop(feed(), transfer({ uri: 'file:///home/ann/secret.txt' }));
    drop(feed(), transfer({ text: ' and more' }));
    await expect.element(composer).toHaveValue('see https://example.org/a and more');
  });

  it('does nothing outside fields if the drag began in the page', async () => {
    const { composer } = await room();
    feed().dispatchEvent(new DragEvent('dragstart', { bubbles: true }));
    expect(drop(feed(), transfer({ text: 'hello' }))).toBe(false);
    feed().dispatchEvent(new DragEvent('dragend', { bubbles: true }));
    await expect.element(composer).toHaveValue('');
  });

  it('is added to the room if it is an image without text', async () => {
    const { screen, composer } = await room();
    const paste = (on: Element, clipboardData: DataTransfer) =>
      on.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData }));
    expect(paste(composer.element(), transfer({ file: true }))).toBe(false);
    await expect.element(screen.getByRole('region', { name: 'Files to send' })).toHaveTextContent('x.png');
    // In the field, the browser pastes the text; elsewhere it would be lost.
    expect(paste(composer.element(), transfer({ file: true, text: 'a cell' }))).toBe(true);
    feed().querySelector('article')?.focus();
    expect(paste(document.activeElement as Element, transfer({ text: 'from elsewhere' }))).toBe(false);
    await vi.waitFor(() => expect((composer.element() as HTMLTextAreaElement).value).toBe('from elsewhere'));
  });
});

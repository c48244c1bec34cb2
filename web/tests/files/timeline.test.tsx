/** Files of messages: pictures in their place before they load, the lightbox, downloads, and what is gone. */
import type { Attachment, Message } from '@backchannel/client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { BOB, world } from '../app/world.tsx';

const HASH = '1QcSHQRnh493V4dIh4eXh1h4kJUI';

let number = 0;
function file(more: Partial<Attachment> = {}): Attachment {
  number += 1;
  const name = more.name ?? `f${number}.bin`;
  const id = `f${number}`;
  return { id, name, size: 1_536, content_type: 'application/octet-stream', url: `/files/${id}/${name}`, ...more };
}

function picture(width: number, height: number, more: Partial<Attachment> = {}): Attachment {
  const made = file({ name: `p${number + 1}.png`, content_type: 'image/png', width, height, thumbhash: HASH, ...more });
  return { ...made, thumb_url: `${made.url}?v=thumb`, view_url: `${made.url}?v=view` };
}

/** One that loads, in one colour. */
function painted(alt: string): Attachment {
  const canvas = document.createElement('canvas');
  canvas.width = 40;
  canvas.height = 40;
  const { thumb_url: _thumb, view_url: _view, ...alone } = picture(40, 40, { alt, url: canvas.toDataURL() });
  return alone;
}

type Answer = number | 'none';

/** The app with messages of Bob's that have these files. `answer`: what the server says of every file. */
async function room(messages: readonly (readonly Attachment[])[], answer: Answer = 200) {
  const made = world();
  const posted = messages.map((attachments) => {
    const message = made.server.post(1, BOB, '') as { -readonly [K in keyof Message]: Message[K] };
    message.attachments = [...attachments];
    return message;
  });
  const state = { answer };
  const real = globalThis.fetch;
  vi.spyOn(globalThis, 'fetch').mockImplementation((url, init) => {
    if (!(typeof url === 'string' && url.startsWith('/files/'))) return real(url, init);
    return state.answer === 'none'
      ? Promise.reject(new TypeError('down'))
      : Promise.resolve(new Response(null, { status: state.answer }));
  });
  const opened = await made.open();
  await opened.connected();
  return { ...made, ...opened, posted, state };
}

const tile = (id: string) => document.querySelector(`[data-picture="${id}"]`) as HTMLElement;
const size = (element: Element) => {
  const { width, height } = element.getBoundingClientRect();
  return [Math.round(width), Math.round(height)];
};
/** A picture that never loads and never fails, as on a slow link: the page gets no event of its failure. */
function pending(more: Partial<Attachment> = {}): Attachment {
  const made = picture(3_000, 2_000, more);
  const stop = (event: Event) => {
    if (event.target instanceof HTMLImageElement && event.target.src.includes(made.url))
      event.stopImmediatePropagation();
  };
  globalThis.addEventListener('error', stop, true);
  onTestFinished(() => globalThis.removeEventListener('error', stop, true));
  return made;
}

describe('a picture', () => {
  it('has its place, a placeholder and its description before it is loaded', async () => {
    const shown = pending({ alt: 'The mill' });
    const { list } = await room([[shown]]);
    await expect.element(list.getByRole('img', { name: 'The mill' })).toBeInTheDocument();
    const box = list.getByRole('article').element().querySelector('[data-picture], .border-line') as HTMLElement;
    expect(size(box)).toEqual([360, 240]);
  });

  it('is one of a group of squares in the order of the message', async () => {
    const pictures = [picture(300, 900), picture(900, 300), picture(10, 10)];
    const { list } = await room([pictures], 'none');
    await expect.element(list.getByRole('article')).toBeVisible();
    const tiles = [...list.getByRole('article').element().querySelectorAll('.aspect-square')];
    expect(tiles).toHaveLength(3);
    for (const each of tiles) expect(size(each)[0]).toBe(size(each)[1]);
  });

  it.each([
    [404, 'This file was deleted.'],
    [403, 'You cannot open this file any more.'],
    [503, 'Could not be loaded.'],
    ['none', 'Could not be loaded.'],
  ] as const)('says why it is not shown where the server answers %s', async (answer, words) => {
    const { list } = await room([[picture(300, 200)]], answer);
    await expect.element(list.getByText(words)).toBeVisible();
    const retry = list.getByRole('button', { name: 'Try again' });
    if (answer === 404 || answer === 403) await expect.element(retry).not.toBeInTheDocument();
    else await expect.element(retry).toBeVisible();
  });
});

describe('the lightbox', () => {
  it('leads through all pictures by keys, and gives the focus back', async () => {
    const [a, b, c] = [painted('A'), painted('B'), painted('C')];
    const { screen } = await room([[a, b], [c]]);
    await vi.waitFor(() => expect(tile(b.id)).toBeTruthy());
    tile(b.id).focus();
    tile(b.id).click();
    const dialog = screen.getByRole('dialog');
    await expect.element(dialog).toHaveAccessibleName('Picture 2 of 3 from bob: B');
    await expect.element(screen.getByRole('button', { name: 'Close' })).toHaveFocus();
    await userEvent.keyboard('{ArrowRight}');
    await expect.element(dialog).toHaveAccessibleName('Picture 3 of 3 from bob: C');
    await expect.element(screen.getByRole('button', { name: 'Next picture' })).not.toBeInTheDocument();
    await userEvent.keyboard('{Home}');
    await expect.element(dialog).toHaveAccessibleName('Picture 1 of 3 from bob: A');
    await screen.getByRole('button', { name: 'Next picture' }).click();
    await userEvent.keyboard('{Escape}');
    await expect.element(dialog).not.toBeInTheDocument();
    await vi.waitFor(() => expect(document.activeElement).toBe(tile(b.id)));
  });

  it('follows a swipe, and closes on one downwards', async () => {
    const [a, b] = [painted('A'), painted('B')];
    const { screen } = await room([[a, b]]);
    await vi.waitFor(() => expect(tile(a.id)).toBeTruthy());
    tile(a.id).click();
    const dialog = screen.getByRole('dialog');
    await expect.element(dialog).toHaveAccessibleName(/: A$/);
    const swipe = (x: number, y: number) => {
      const stage = document.querySelector('.bc-lightbox-stage, dialog .relative') as HTMLElement;
      const send = (type: string, clientX: number, clientY: number) =>
        stage.dispatchEvent(
          new PointerEvent(type, { bubbles: true, pointerId: 5, pointerType: 'touch', clientX, clientY }),
        );
      send('pointerdown', 300, 300);
      send('pointermove', 300 + x / 2, 300 + y / 2);
      send('pointermove', 300 + x, 300 + y);
      send('pointerup', 300 + x, 300 + y);
    };
    swipe(-120, 5);
    await expect.element(dialog).toHaveAccessibleName(/: B$/);
    swipe(120, -5);
    await expect.element(dialog).toHaveAccessibleName(/: A$/);
    swipe(30, 0);
    await expect.element(dialog).toHaveAccessibleName(/: A$/);
    swipe(0, 150);
    await expect.element(dialog).not.toBeInTheDocument();
  });

  it('says that a picture was deleted while it was shown', async () => {
    const [a, b] = [painted('A'), painted('B')];
    const { screen, server, posted } = await room([[a], [b]]);
    await vi.waitFor(() => expect(tile(a.id)).toBeTruthy());
    tile(a.id).click();
    await expect.element(screen.getByRole('dialog')).toHaveAccessibleName(/: A$/);
    server.run(BOB, 'delete_message', { message_id: posted[0]?.id });
    await expect.element(screen.getByText('This picture was deleted.')).toBeVisible();
    await screen.getByRole('button', { name: 'Next picture' }).click();
    await expect.element(screen.getByRole('dialog')).toHaveAccessibleName(/: B$/);
  });
});

describe('other files', () => {
  it('are links to download with name, type and size', async () => {
    const { list } = await room([[file({ name: 'report.pdf', content_type: 'application/pdf' })]]);
    const link = list.getByRole('link', { name: 'Download report.pdf, PDF, 1.5 kB' });
    await expect.element(link).toHaveAttribute('download', 'report.pdf');
  });

  it('that are gone say so instead of saving an error', async () => {
    const { list } = await room([[file({ name: 'report.pdf' })]], 404);
    await list.getByRole('link', { name: /report\.pdf/ }).click();
    await expect.element(list.getByText('This file was deleted.')).toBeVisible();
    await expect.element(list.getByRole('link', { name: /report\.pdf/ })).not.toBeInTheDocument();
  });

  it('are played in their place only where the server serves them so', async () => {
    const types = ['audio/mpeg', 'video/mp4', 'text/html', 'image/svg+xml'];
    const { list } = await room([types.map((content_type) => file({ content_type }))], 'none');
    await expect.element(list.getByRole('link', { name: /Download .*Picture/ })).toBeVisible();
    const row = list.getByRole('article').element();
    expect([
      row.querySelectorAll('audio, video, figure').length > 0,
      row.querySelectorAll('iframe, object, embed').length,
    ]).toEqual([true, 0]);
  });
});

it('a message of files alone is announced by what it has, and quoted by their names', async () => {
  const { screen, server, list } = await room([[picture(40, 40)]]);
  const more = server.post(1, BOB, '') as { -readonly [K in keyof Message]: Message[K] };
  more.attachments = [file({ name: 'plan.txt' })];
  await expect.element(list.getByRole('article').nth(1)).toBeVisible();
  await list.getByRole('article').first().hover();
  await screen.getByRole('button', { name: 'Reply' }).click();
  await expect.element(screen.getByText(/^p\d+\.png$/).last()).toBeVisible();
});

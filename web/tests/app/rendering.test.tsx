import { type Render, rendersOf } from '../renders.ts';
import type { Message, Room } from '@backchannel/client';
import { describe, expect, it, vi } from 'vitest';
import { loadLexer } from '../../src/app/lazyWithRetry.ts';
import { ANN, BOB, frames, leftBelow, shown, world } from './world.tsx';

/** The texts of existing rows that rendered; new ones appear at the edges of the virtualised list. */
const messages = (renders: readonly Render[]): string[] =>
  renders
    .filter(({ name, isNew }) => name === 'MessageRow' && !isNew)
    .map(({ props }) => (props['message'] as Message).content);
const rooms = (renders: readonly Render[]): string[] =>
  renders.filter(({ name }) => name === 'RoomRow').map(({ props }) => (props['room'] as Room).name ?? '');

/** Opens a long room at its end and waits until nothing renders. */
async function atRest() {
  const made = world();
  for (let index = 1; index <= 120; index += 1) made.server.post(1, BOB, `line ${index}`);
  made.server.run(ANN, 'mark_read', { room_id: 1, seq: 120 });
  const opened = await made.open();
  await opened.connected();
  await expect.element(opened.list.getByText('line 119')).toBeVisible();
  await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
  await loadLexer();
  // Another test may have left the pointer over a row, which then renders for it.
  await opened.screen.getByRole('heading', { level: 1 }).hover();
  await frames(30);
  return { ...made, ...opened };
}

/**
 * Posts `count` messages. The returned function delivers them one after the other, without a frame or timer in between.
 */
function burst(server: ReturnType<typeof world>['server'], count: number): () => Promise<void> {
  const held: (() => void)[] = [];
  const clock = vi.spyOn(server.clock, 'setTimeout').mockImplementation((run) => held.push(run));
  for (let index = 1; index <= count; index += 1) server.post(1, BOB, `burst ${index}`);
  clock.mockRestore();
  return async () => {
    for (const deliver of held) {
      deliver();
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    }
  };
}

describe('what renders again', () => {
  it('when a message arrives: the one before it, which leaves the tab order, and no other', async () => {
    const { server, list } = await atRest();
    const renders = await rendersOf(async () => {
      for (const text of ['one more', 'and another']) {
        server.post(1, BOB, text);
        await expect.element(list.getByText(text)).toBeVisible();
        await frames(5);
      }
    });
    expect(new Set(messages(renders))).toEqual(new Set(['line 120', 'one more']));
  });

  it('when a message changes: only that one', async () => {
    const { server, list } = await atRest();
    const target = [...(server.rooms.get(1)?.messages.values() ?? [])].at(-3) as Message;
    const renders = await rendersOf(async () => {
      server.run(BOB, 'edit_message', { message_id: target.id, content: 'said better' });
      await expect.element(list.getByText('said better')).toBeVisible();
      await frames(5);
    });
    expect(messages(renders)).toEqual(['said better']);
  });

  it('when many messages arrive between two frames: all of them in one render', async () => {
    const { server, list } = await atRest();
    const deliver = burst(server, 20);
    const renders = await rendersOf(async () => {
      await deliver();
      // The first change renders at once; later ones wait for the frame.
      expect(shown().filter((text) => text.startsWith('burst'))).toEqual(['burst 1']);
      await expect.element(list.getByText('burst 20', { exact: true })).toBeVisible();
    });
    expect(renders.filter(({ name }) => name === 'Timeline').length).toBeLessThan(5);
  });

  it('when more messages arrive than the page can render: all of them, eventually', async () => {
    const { server, list } = await atRest();
    const deliver = burst(server, 80);
    // One after the other, in a page that gets no frames: each renders on delivery.
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    await deliver();
    hidden.mockRestore();
    await expect.element(list.getByText('burst 80', { exact: true })).toBeVisible();
  });

  it('when something happens in another room: only the row of that room', async () => {
    const { server, screen } = await atRest();
    const renders = await rendersOf(async () => {
      server.post(2, BOB, 'elsewhere');
      await expect.element(screen.getByRole('link', { name: /second, 1 unread/ })).toBeVisible();
      await frames(5);
    });
    expect(messages(renders)).toEqual([]);
    expect(new Set(rooms(renders))).toEqual(new Set(['second']));
  });
});

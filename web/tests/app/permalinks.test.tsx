import { describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { ANN, BOB, feed, world } from './world.tsx';

const talk = (server: ReturnType<typeof world>['server'], count: number) => {
  for (let index = 1; index <= count; index += 1) server.post(1, BOB, `line ${index}`);
  server.run(ANN, 'mark_read', { room_id: 1, seq: count });
};
/** The text of the message at the middle of the list. */
const inSight = (text: string): boolean => {
  const row = [...feed().querySelectorAll('article')].find(
    (each) => each.querySelector('.bc-text')?.textContent === text,
  );
  if (!row) return false;
  const { top, bottom } = row.getBoundingClientRect();
  const list = feed().getBoundingClientRect();
  return top >= list.top && bottom <= list.bottom;
};
const highlighted = () => feed().querySelector('.animate-flash .bc-text')?.textContent;

describe('the address of a message', () => {
  it('opens its room there and highlights it, however far up it is', async () => {
    const { server, open } = world();
    talk(server, 300);
    await open('/rooms/1/42');
    await vi.waitFor(() => expect(highlighted()).toBe('line 42'));
    await vi.waitFor(() => expect(inSight('line 42')).toBe(true));
  });

  it('leads to the message after it where its event is another one', async () => {
    const { server, open } = world();
    const kept = server.post(1, BOB, 'first');
    server.run(BOB, 'add_reaction', { message_id: kept.id, emoji: '👍' });
    talk(server, 3);
    await open('/rooms/1/2');
    await vi.waitFor(() => expect(highlighted()).toBe('line 1'));
  });

  it('works from outside, after signing in', async () => {
    const { server, open } = world();
    talk(server, 200);
    const { screen } = await open('/rooms/1/42', { user: null });
    await screen.getByLabelText('Username').fill('ann');
    await screen.getByRole('textbox', { name: 'Password' }).fill('secret');
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(highlighted()).toBe('line 42'));
  });

  it('is copied from the menu of the message', async () => {
    const { server, open } = world();
    talk(server, 3);
    const copied = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    const { screen, list } = await open();
    const row = list.getByText('line 2');
    await row.hover();
    await screen.getByRole('button', { name: 'More', exact: true }).click();
    await screen.getByRole('menuitem', { name: 'Copy link' }).click();
    await vi.waitFor(() => expect(copied).toHaveBeenCalledWith(`${location.origin}/rooms/1/2`));
    copied.mockRestore();
  });
});

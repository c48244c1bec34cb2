import { describe, expect, it, vi } from 'vitest';
import { ANN, BOB, feed, world } from './world.tsx';

/** 300 lines, three on each of a hundred days up to today. */
function longRoom() {
  const made = world();
  for (let index = 0; index < 300; index += 1) {
    const said = made.server.post(1, BOB, `line ${index}`);
    const at = new Date(Date.now() - (99 - Math.floor(index / 3)) * 86_400_000);
    made.server.rooms.get(1)?.messages.set(said.id, { ...said, created_at: at.toISOString() });
  }
  made.server.run(ANN, 'mark_read', { room_id: 1, seq: 300 });
  return made;
}
const daysAgo = (days: number): string => {
  const date = new Date();
  date.setDate(date.getDate() - days);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
};
const highlighted = () => feed().querySelector('.animate-flash .bc-text')?.textContent;

describe('jump to date', () => {
  it('from the menu of the room: shows the first message of the day', async () => {
    const { screen, list, connected } = await longRoom().open();
    await connected();
    await expect.element(list.getByText('line 299')).toBeVisible();
    await screen.getByRole('button', { name: 'More about this room' }).click();
    await screen.getByRole('menuitem', { name: 'Jump to date' }).click();
    await screen.getByLabelText('Day').fill(daysAgo(90));
    await screen.getByRole('button', { name: 'Jump', exact: true }).click();
    await vi.waitFor(() => expect(highlighted()).toBe('line 27'));
    await expect.element(screen.getByRole('dialog')).not.toBeInTheDocument();
  });

  it('from the line of a day, to the beginning', async () => {
    const { screen, list, connected } = await longRoom().open();
    await connected();
    await list.getByText('Today', { exact: true }).click();
    await screen.getByRole('button', { name: 'Go to the beginning' }).click();
    await vi.waitFor(() => expect(highlighted()).toBe('line 0'));
  });
});

import { expect, it } from 'vitest';
import { openPanel } from '../../src/app/panels.ts';
import { ANN, BOB, CID, world } from '../app/world.tsx';

it('a person ranks before the groups they are in, even unread ones', async () => {
  const { server, open } = world();
  server.createRoom([ANN, BOB], 'direct', '');
  const nameless = server.createRoom([ANN, BOB, CID], 'group', '');
  const named = server.createRoom([ANN, BOB, CID], 'group', 'Weekend');
  for (const room of [nameless, named]) server.post(room.id, BOB, 'come @ann');
  const { screen } = await open('/rooms/1');
  openPanel.set('switcher');
  await screen.getByRole('combobox', { name: 'Jump to a room or person' }).fill('bo');
  const options = screen.getByRole('option');
  await expect.element(options.nth(2)).toBeVisible();
  await expect.element(options.first()).toHaveTextContent(/^Bbob$/);
  openPanel.set(null);
});

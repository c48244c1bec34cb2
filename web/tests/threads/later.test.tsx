import { expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { ANN } from '../app/world.tsx';
import { talked, untilStored } from './world.tsx';

it('a reply is scheduled by keyboard, and comes to its thread', async () => {
  const { server, root, reply, open } = talked();
  reply(root.id, 'in green');
  const { field, summary } = await open();
  await summary('1 reply').click();
  await field.fill('Tomorrow, then');
  await userEvent.keyboard('{Control>}{Shift>}{Enter}{/Shift}{/Control}');
  await vi.waitFor(() => expect(document.activeElement?.getAttribute('role')).toBe('menuitem'));
  await userEvent.keyboard('{Enter}');
  await expect.element(field).toHaveValue('');
  expect(server.scheduled.of(ANN)).toMatchObject([{ content: 'Tomorrow, then', thread: root.id, in_room: false }]);
  server.scheduled.sendDue(Number.POSITIVE_INFINITY);
  await untilStored(server, root.id, 'Tomorrow, then');
});

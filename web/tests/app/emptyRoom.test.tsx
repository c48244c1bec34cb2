import { expect, it } from 'vitest';
import { ANN, BOB, feed, world } from './world.tsx';

it('an empty room is a feed with its beginning as the article, until the first message', async () => {
  const { server, open } = world();
  const { list } = await open();
  await expect.element(list.getByRole('article', { name: /first/ })).toHaveTextContent(/The very beginning of/);
  server.post(1, BOB, 'hello');
  await expect.element(list.getByText('hello')).toBeVisible();
  await expect.element(list.getByText(/The very beginning of/)).toBeVisible();
  expect([...feed().querySelectorAll('article')].map((row) => row.hasAttribute('data-message'))).toEqual([true]);
});

it('nothing in the feed can be pressed outside of an article where a user is alone', async () => {
  const { server, open } = world();
  const alone = server.createRoom([ANN], 'group', 'Alone');
  server.post(alone.id, ANN, 'note');
  const { list } = await open(`/rooms/${alone.id}`);
  await expect.element(list.getByText('note')).toBeVisible();
  await expect.element(list.getByText('Nobody else is here yet.')).toBeVisible();
  for (const button of feed().querySelectorAll('button')) expect(button.closest('article')).not.toBeNull();
});

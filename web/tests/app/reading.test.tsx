import { describe, expect, it, vi } from 'vitest';
import { ANN, BOB, CID, feed, frames, leftBelow, scrollUp, shown, somewhere, topOf, world } from './world.tsx';

const talk = (server: ReturnType<typeof world>['server'], count: number, from = BOB) => {
  for (let index = 1; index <= count; index += 1)
    server.post(1, from, `line ${index}${index % 3 ? '' : '\n\nand more of it'}`);
};
const readUpTo = (server: ReturnType<typeof world>['server']) => server.rooms.get(1)?.members.get(ANN)?.read;

describe('the scroll position', () => {
  it('starts at the end and follows new messages', async () => {
    const { server, open } = world();
    talk(server, 120);
    server.run(ANN, 'mark_read', { room_id: 1, seq: 120 });
    const { list } = await open();
    await expect.element(list.getByText('line 119')).toBeVisible();
    await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
    server.post(1, BOB, 'the newest\n\n\nof all');
    await expect.element(list.getByText('the newest')).toBeVisible();
    await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
  });

  it('stays while the user reads further up, and a button counts new messages', async () => {
    const { server, open } = world();
    talk(server, 60);
    server.run(ANN, 'mark_read', { room_id: 1, seq: 60 });
    const { screen, list } = await open();
    await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
    await expect.element(list.getByText('line 59')).toBeVisible();
    await vi.waitFor(() => expect(readUpTo(server)).toBe(60));
    scrollUp(700);
    await expect.element(screen.getByRole('button', { name: 'Latest' })).toBeVisible();
    // Ignore positions between rendering and measuring, which are never painted.
    await vi.waitFor(() => expect(feed().getAttribute('aria-busy')).toBe('false'));
    await frames(3);
    const before = somewhere();
    server.post(1, BOB, 'quietly');
    server.post(1, CID, 'me too');
    await expect.element(screen.getByRole('button', { name: '2 new messages' })).toBeVisible();
    await frames(3);
    expect(topOf(before.id)).toBe(before.top);
    await screen.getByRole('button', { name: '2 new messages' }).click();
    await expect.element(list.getByText('me too')).toBeVisible();
  });

  it('does not jump when older messages load above', async () => {
    const { server, open } = world();
    talk(server, 300);
    server.run(ANN, 'mark_read', { room_id: 1, seq: 300 });
    const { list } = await open();
    await expect.element(list.getByText('line 299')).toBeVisible();
    await expect.element(list.getByText('line 250')).not.toBeInTheDocument();
    await vi.waitFor(() => expect(readUpTo(server)).toBe(300));
    // Half a screen at a time: between two scrolls nothing moves, although pages load.
    for (let turn = 0; turn < 40 && !shown().includes('line 200'); turn += 1) {
      scrollUp(300);
      await frames(3);
      const before = somewhere();
      await new Promise((resolve) => setTimeout(resolve, 80));
      expect(Math.abs(topOf(before.id) - before.top)).toBeLessThanOrEqual(2);
    }
    expect(shown()).toContain('line 200');
  });
});

it.each([0, 20, 90])(
  'the scroll position does not jump %i px from the top while older messages load',
  async (fromTop) => {
    const { server, network, open } = world();
    for (let index = 1; index <= 200; index += 1)
      server.post(1, index % 2 ? BOB : CID, `line ${index}\n\nof\n\nsome\n\nheight`);
    server.run(ANN, 'mark_read', { room_id: 1, seq: 200 });
    const { list } = await open();
    await expect.element(list.getByText('line 199')).toBeVisible();
    await vi.waitFor(() => expect(readUpTo(server)).toBe(200));
    network.latency_ms = 300;
    scrollUp(feed().scrollTop - fromTop);
    await vi.waitFor(() => expect(feed().scrollTop).toBe(fromTop));
    await new Promise((resolve) => setTimeout(resolve, 150));
    const before = somewhere();
    await vi.waitFor(() => expect(feed().scrollTop).toBeGreaterThan(500), 5_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(Math.abs(topOf(before.id) - before.top)).toBeLessThanOrEqual(2);
  },
);

describe('jumping to a message', () => {
  it('a quote scrolls to its message, loading it first if needed', async () => {
    const { server, open } = world();
    const first = server.post(1, CID, 'the question of questions');
    talk(server, 150);
    server.post(1, BOB, 'forty-two', first.id);
    server.run(ANN, 'mark_read', { room_id: 1, seq: 152 });
    const { screen, list } = await open();
    await screen.getByRole('button', { name: /In reply to cid/ }).click();
    const answer = list.getByText('the question of questions', { exact: true }).last();
    await expect.element(answer).toBeInViewport();
    await screen.getByRole('button', { name: 'Latest' }).click();
    await expect.element(list.getByText('forty-two')).toBeInViewport();
    await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
  });
});

it('a new message does not touch the DOM of other rows', async () => {
  const { server, open } = world();
  for (const text of ['one', 'two', 'three']) server.post(1, BOB, text);
  const { list } = await open();
  await expect.element(list.getByText('three')).toBeVisible();
  await new Promise((resolve) => setTimeout(resolve, 400));
  const first = feed().querySelector('article') as HTMLElement;
  const touched = vi.fn<MutationCallback>();
  const observer = new MutationObserver(touched);
  observer.observe(first, { attributes: true, childList: true, characterData: true, subtree: true });
  server.post(1, CID, 'four');
  await expect.element(list.getByText('four')).toBeVisible();
  observer.disconnect();
  expect(touched).not.toHaveBeenCalled();
});

it('each room keeps its scroll position, and a room left at its end opens there', async () => {
  const { server, open } = world();
  for (const id of [1, 2]) {
    for (let index = 1; index <= 150; index += 1) server.post(id, BOB, `line ${index}${index % 3 ? '' : '\n\nmore'}`);
    server.run(ANN, 'mark_read', { room_id: id, seq: 150 });
  }
  const { screen, list } = await open();
  const go = (name: RegExp) => screen.getByRole('link', { name }).click();
  await expect.element(list.getByText('line 149')).toBeInViewport();
  await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
  await new Promise((resolve) => setTimeout(resolve, 300));
  scrollUp(1500);
  await vi.waitFor(() => expect(feed().getAttribute('aria-busy')).toBe('false'));
  await new Promise((resolve) => setTimeout(resolve, 400));
  const before = somewhere();
  await go(/second/);
  await expect.element(list.getByText('line 149')).toBeInViewport();
  await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
  server.post(1, CID, 'meanwhile');
  await go(/first/);
  await vi.waitFor(() => expect(Math.abs(topOf(before.id) - before.top)).toBeLessThanOrEqual(2));
  await expect.element(screen.getByRole('button', { name: '1 new message', exact: true })).toBeVisible();
  await go(/second/);
  await expect.element(list.getByText('line 149')).toBeInViewport();
  await vi.waitFor(() => expect(leftBelow()).toBeLessThan(2));
});

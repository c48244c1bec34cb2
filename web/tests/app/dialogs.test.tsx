import { beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { openPanel, membersOpen } from '../../src/app/panels.ts';
import { ANN, BOB, CID, world } from './world.tsx';

type Screen = Awaited<ReturnType<ReturnType<typeof world>['open']>>['screen'];
type Walk = readonly [title: string, open: (screen: Screen) => Promise<void>, first: string];

const click = (screen: Screen, role: 'button' | 'menuitem', name: string | RegExp) =>
  screen.getByRole(role, { name }).first().click();
const roomMenu = (item: string) => async (screen: Screen) => {
  await click(screen, 'button', 'More about this room');
  await click(screen, 'menuitem', item);
};
const panel = (which: Parameters<typeof openPanel.set>[0]) => async () => {
  openPanel.set(which);
};
const userMenu = (item: string) => async (screen: Screen) => {
  await click(screen, 'button', /^A ?Ann|Ann/);
  await click(screen, 'menuitem', item);
};

/** Every dialog: its title, how to open it, and what has the focus first. */
const DIALOGS: readonly Walk[] = [
  ['Jump to a room or person', panel('switcher'), 'field'],
  ['New direct message', panel('create-direct'), 'field'],
  ['New group', panel('create-group'), 'field'],
  ['New channel', panel('create-channel'), 'field'],
  ['Channels', panel('browse-channels'), 'field'],
  ['Keyboard shortcuts', userMenu('Keyboard shortcuts'), 'body'],
  ['Scheduled messages', userMenu('Scheduled messages'), 'body'],
  ['Change password', userMenu('Change password'), 'field'],
  ['Invite people', userMenu('Invite people'), 'field'],
  ['Jump to date', roomMenu('Jump to date'), 'field'],
  ['Room settings', roomMenu('Room settings'), 'field'],
  ['Pinned messages', roomMenu('Pinned messages'), 'body'],
  ['Add people to #first', roomMenu('Add people'), 'field'],
  ['Leave #first?', roomMenu('Leave channel'), 'Stay'],
  ['Notifications', userMenu('Notification settings'), 'field'],
  ['Notifications of #first', roomMenu('Notifications'), 'field'],
  ['Sign out of Acme?', userMenu('Sign out'), 'Stay'],
];

beforeEach(() => {
  openPanel.set(null);
  membersOpen.set(false);
});

describe('every dialog', () => {
  it.each(DIALOGS)(
    '%s focuses its field or its harmless button, and returns the focus when closed',
    async (title, show, first) => {
      const { server, open } = world();
      server.post(1, BOB, 'hello');
      const { screen, composer } = await open();
      await expect.element(composer).toHaveFocus();
      await show(screen);
      const dialog = screen.getByRole('dialog', { name: title });
      await expect.element(dialog).toBeVisible();
      await vi.waitFor(() => {
        const active = document.activeElement as HTMLElement;
        expect(dialog.element().contains(active)).toBe(true);
        if (first === 'field') {
          const fields = dialog.element().querySelectorAll('input, textarea, select');
          expect(active).toBe(fields[0]);
        } else if (first === 'body') expect(active.dataset).toHaveProperty('body');
        else expect(active.textContent).toBe(first);
      });
      await userEvent.keyboard('{Escape}');
      await expect.element(dialog).not.toBeInTheDocument();
      await vi.waitFor(() => {
        const active = document.activeElement as HTMLElement;
        expect(active).not.toBe(document.body);
        expect(active.matches('button, textarea')).toBe(true);
      });
    },
  );

  it('the focus moves to the nearest element when its own is removed: a deleted message, a last reaction', async () => {
    const { server, open } = world();
    server.post(1, ANN, 'mine');
    const { screen, list } = await open();
    const row = () => document.querySelector('article') as HTMLElement;
    await list.getByText('mine').hover();
    await screen.getByRole('button', { name: 'React with 👍' }).click();
    const chip = screen.getByRole('button', { name: '👍, You' });
    await expect.element(chip).toBeVisible();
    (chip.element() as HTMLElement).focus();
    await userEvent.keyboard('{Enter}');
    await expect.element(chip).not.toBeInTheDocument();
    await vi.waitFor(() => expect(document.activeElement).toBe(row()));
    await screen.getByRole('button', { name: 'More', exact: true }).click();
    await click(screen, 'menuitem', 'Delete');
    await expect.element(list.getByText('Message deleted')).toBeVisible();
    await vi.waitFor(() => expect(document.activeElement).toBe(row()));
  });

  it.each([
    [640, 400],
    [320, 480],
  ])('fits into %i × %i: no button is covered, and the middle scrolls', async (width, height) => {
    await page.viewport(width, height);
    const { open } = world();
    const { screen } = await open('/');
    for (const which of [
      'create-direct',
      'create-group',
      'create-channel',
      'password',
      'browse-channels',
      'shortcuts',
    ] as const) {
      openPanel.set(which);
      const dialog = screen.getByRole('dialog');
      await expect.element(dialog).toBeVisible();
      await vi.waitFor(() => {
        const box = dialog.element().getBoundingClientRect();
        expect(box.top).toBeGreaterThanOrEqual(0);
        expect(box.bottom).toBeLessThanOrEqual(height);
        for (const button of dialog.element().querySelectorAll('footer button, header button')) {
          const { left, top, width: w, height: h } = button.getBoundingClientRect();
          const hit = document.elementFromPoint(left + w / 2, top + h / 2);
          expect(button.contains(hit)).toBe(true);
        }
      });
      openPanel.set(null);
      await expect.element(dialog).not.toBeInTheDocument();
    }
    await page.viewport(1100, 700);
  });
});

describe('an owner who is alone can invite people', () => {
  const alone = () => {
    const made = world();
    made.server.createRoom([1], 'channel', 'empty');
    return made;
  };

  it('in an empty room', async () => {
    const { screen, list } = await alone().open('/rooms/3');
    await list.getByRole('button', { name: 'Invite people' }).click();
    await expect.element(screen.getByRole('dialog', { name: 'Invite people' })).toBeVisible();
  });

  it('in an empty list of people', async () => {
    const { screen } = await alone().open('/rooms/3');
    membersOpen.set(true);
    await expect.element(screen.getByRole('complementary', { name: 'Members' })).toHaveTextContent('Nobody else');
    await screen.getByRole('complementary').getByRole('button', { name: 'Invite people' }).click();
    await expect.element(screen.getByRole('dialog', { name: 'Invite people' })).toBeVisible();
  });

  it('where there are no rooms at all', async () => {
    const { server, open } = world();
    for (const id of [1, 2]) server.remove(id, 1);
    const { screen } = await open('/');
    await expect.element(screen.getByRole('button', { name: 'Invite people' }).first()).toBeVisible();
  });

  it('but a room with all users does not claim to be empty', async () => {
    const { server, open } = world();
    const group = server.createRoom([ANN, BOB, CID], 'group', 'all of us');
    const { screen } = await open(`/rooms/${group.id}`);
    await screen.getByRole('button', { name: 'More about this room' }).click();
    await screen.getByRole('menuitem', { name: 'Add people' }).click();
    const dialog = screen.getByRole('dialog');
    await expect.element(dialog).toHaveTextContent('There is nobody else to add.');
    await userEvent.keyboard('bob');
    await expect.element(dialog).toHaveTextContent('Nobody else is called “bob”.');
  });

  it('and other users cannot', async () => {
    const { screen, list } = await alone().open('/rooms/3', { signup: 'closed' });
    await expect.element(list.getByText('Nobody else is here yet.')).toBeVisible();
    await expect.element(screen.getByRole('button', { name: 'Invite people' })).not.toBeInTheDocument();
  });
});

import { describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { AccountError } from '../../src/features/accounts/api.ts';
import { takeSetupSecret } from '../../src/features/accounts/setupSecret.ts';
import { world } from './world.tsx';

describe('the signed-out screens', () => {
  it('show an error at its field, and signing in opens the app', async () => {
    const { api, open } = world();
    vi.mocked(api.signIn).mockRejectedValueOnce(new AccountError({ password: 'Not this one.' }, null, 400));
    const { screen } = await open('/', { user: null });
    await screen.getByLabelText('Username').fill('ann');
    await screen.getByRole('textbox', { name: 'Password' }).fill('wrong');
    await userEvent.keyboard('{Enter}');
    await expect.element(screen.getByText('Not this one.')).toBeVisible();
    await expect
      .element(screen.getByRole('textbox', { name: 'Password' }))
      .toHaveAccessibleDescription('Not this one.');
    await userEvent.keyboard('{Enter}');
    await expect.element(screen.getByRole('navigation', { name: 'Rooms' })).toBeVisible();
  });

  it('a sign-in form continues if another tab has signed in meanwhile', async () => {
    const { api, state, open } = world();
    const { screen } = await open('/', { user: null });
    vi.mocked(api.signIn).mockRejectedValue(new AccountError({}, 'Conflict', 409));
    await screen.getByLabelText('Username').fill('ann');
    await screen.getByRole('textbox', { name: 'Password' }).fill('secret');
    await userEvent.keyboard('{Enter}');
    await expect.element(screen.getByRole('alert')).toHaveTextContent('Conflict');
    vi.mocked(api.getState).mockResolvedValue(state);
    await userEvent.keyboard('{Enter}');
    await expect.element(screen.getByRole('navigation', { name: 'Rooms' })).toBeVisible();
  });

  it('a sign-in form continues by itself as soon as another tab signs in', async () => {
    const { api, state, open } = world();
    const { screen } = await open('/', { user: null });
    await expect.element(screen.getByLabelText('Username')).toBeVisible();
    vi.mocked(api.getState).mockResolvedValue(state);
    const elsewhere = new BroadcastChannel('backchannel signed in');
    elsewhere.postMessage(null);
    await expect.element(screen.getByRole('navigation', { name: 'Rooms' })).toBeVisible();
    elsewhere.close();
  });

  it('a first visit without the printed address explains where to find it', async () => {
    const { open } = world();
    const { screen } = await open('/', { user: null, setup_required: true });
    await expect.element(screen.getByRole('heading', { name: 'Open the printed address' })).toBeVisible();
    await expect.element(screen.getByText('backchannel setup-address')).toBeVisible();
    expect(screen.getByLabelText('Username').elements()).toHaveLength(0);
  });

  it('the printed address opens the setup, and its secret disappears from the address bar at once', async () => {
    const { api, open } = world();
    const replaced = vi.fn();
    const past = { state: null, replaceState: replaced } as unknown as History;
    takeSetupSecret({ href: 'http://localhost/rooms?setup=s3cret&a=1#b' } as Location, past);
    expect(replaced).toHaveBeenCalledExactlyOnceWith(null, '', '/rooms?a=1#b');
    const { screen } = await open('/', { user: null, setup_required: true });
    await screen.getByLabelText('Workspace').fill('Acme');
    await screen.getByLabelText('Username').fill('ann');
    await screen.getByRole('textbox', { name: 'Password' }).fill('long enough');
    await screen.getByRole('button', { name: 'Create workspace' }).click();
    expect(api.setUp).toHaveBeenCalledWith({
      setup: 's3cret',
      workspace: 'Acme',
      display_name: '',
      username: 'ann',
      password: 'long enough',
    });
  });

  it('a valid invitation opens the sign-up; an expired one and a closed sign-up say so', async () => {
    const { api, open } = world();
    const first = await open('/invite/s3cret', { user: null });
    await first.screen.getByLabelText('Username').fill('dora');
    await first.screen.getByRole('textbox', { name: 'Password' }).fill('long enough');
    await first.screen.getByRole('button', { name: 'Create account' }).click();
    expect(vi.mocked(api.signUp).mock.calls[0]?.[0]).toMatchObject({ username: 'dora', invitation: 's3cret' });
    await first.screen.unmount();
    vi.mocked(api.isInvitationValid).mockResolvedValue(false);
    const second = await open('/invite/s3cret', { user: null });
    await expect
      .element(second.screen.getByRole('heading', { name: 'This invitation is no longer valid' }))
      .toBeVisible();
    await second.screen.unmount();
    const third = await open('/invite/s3cret', { user: null, signup: 'closed' });
    await expect.element(third.screen.getByRole('heading', { name: 'Sign-up is closed' })).toBeVisible();
  });
});

describe('signing out', () => {
  it('warns of unsent messages, then deletes them and the drafts', async () => {
    const { api, state, network, open } = world();
    const { screen, composer } = await open();
    await expect.element(screen.getByText('The very beginning of #first.')).toBeVisible();
    network.sockets = 'refused';
    network.http = 'down';
    network.closeAll(1006);
    await composer.fill('unsent');
    await userEvent.keyboard('{Enter}');
    await composer.fill('a draft');
    await screen.getByRole('button', { name: /^Ann/ }).click();
    await screen.getByRole('menuitem', { name: 'Sign out' }).click();
    await expect.element(screen.getByText(/One message has not been sent yet/)).toBeVisible();
    vi.mocked(api.getState).mockResolvedValue({ ...state, user: null });
    await screen.getByRole('button', { name: 'Sign out and delete them' }).click();
    await expect.element(screen.getByRole('heading', { name: 'Sign in to Acme' })).toBeVisible();
    expect(localStorage).toHaveLength(0);
  });

  it('an ended session shows the sign-in and keeps unsent messages', async () => {
    const { server, network, api, state, open } = world();
    const { screen, composer } = await open();
    await expect.element(screen.getByText('The very beginning of #first.')).toBeVisible();
    vi.mocked(api.getState).mockResolvedValue({ ...state, user: null });
    network.http = 401;
    network.sockets = 'refused';
    network.closeAll(4401);
    await expect.element(screen.getByText(/You are signed out/), { timeout: 10_000 }).toBeVisible();
    await composer.fill('kept');
    await userEvent.keyboard('{Enter}');
    await screen.getByRole('button', { name: 'Sign in' }).click();
    await expect.element(screen.getByText(/What you wrote is kept/)).toBeVisible();
    vi.mocked(api.getState).mockResolvedValue(state);
    network.http = 'none';
    network.sockets = 'none';
    await screen.getByLabelText('Username').fill('ann');
    await screen.getByRole('textbox', { name: 'Password' }).fill('secret');
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(server.rooms.get(1)?.messages.size).toBe(1), 10_000);
    expect(api.signIn).toHaveBeenCalledOnce();
  });

  it('a session renewed by another tab continues without a notice', async () => {
    const { network, open } = world();
    const { screen, connected } = await open();
    await connected();
    const said: string[] = [];
    const watching = new MutationObserver(() => said.push(document.body.textContent ?? ''));
    watching.observe(document.body, { childList: true, subtree: true, characterData: true });
    // The news that the old session has ended arrives before the cookie of the new one.
    network.http = 401;
    network.sockets = 'refused';
    network.closeAll(4401);
    await new Promise((resolve) => setTimeout(resolve, 300));
    network.http = 'none';
    network.sockets = 'none';
    await expect.element(screen.getByRole('navigation', { name: 'Rooms' })).toBeVisible();
    await connected();
    watching.disconnect();
    expect(said.filter((text) => text.includes('You are signed out'))).toEqual([]);
  });
});

it('the theme is chosen in the menu and stored', async () => {
  const { open } = world();
  const { screen } = await open();
  await screen.getByRole('button', { name: /^Ann/ }).click();
  await screen.getByRole('menuitemradio', { name: 'Dark' }).click();
  expect(document.documentElement.dataset['theme']).toBe('dark');
  expect(localStorage.getItem('backchannel.theme')).toBe('dark');
  await screen.getByRole('menuitemradio', { name: 'Like the system' }).click();
  expect(document.documentElement.dataset['theme']).toBeUndefined();
});

import { describe, expect, it, vi } from 'vitest';
import type { AccessToken, SignedInDevice } from '../../src/features/accounts/api.ts';
import { openPanel } from '../../src/app/panels.ts';
import { world } from '../app/world.tsx';

const at = '2026-11-02T10:00:00.000000Z';
const device = (id: number, name: string, here = false): SignedInDevice => ({
  id,
  device: name,
  agent: 'Mozilla/5.0',
  address: '192.0.2.7',
  created_at: at,
  last_used_at: at,
  this_device: here,
});
const token = (id: number, name: string, expires_at: string | null = null): AccessToken => ({
  id,
  name,
  created_at: at,
  last_used_at: null,
  expires_at,
});

async function opened(item: string) {
  const here = world();
  let devices = [device(1, 'Firefox on Linux', true), device(2, 'Safari on iPhone'), device(3, 'Chrome on Android')];
  let tokens = [token(8, 'import', '2026-12-24T10:00:00.000000Z'), token(7, 'bot')];
  vi.mocked(here.api.devices).mockImplementation(async () => devices);
  vi.mocked(here.api.tokens).mockImplementation(async () => tokens);
  vi.mocked(here.api.signOutDevice).mockImplementation(async (id) => {
    devices = devices.filter((each) => each.id !== id);
  });
  vi.mocked(here.api.signOutOthers).mockImplementation(async () => {
    devices = devices.filter((each) => each.this_device);
  });
  vi.mocked(here.api.revokeToken).mockImplementation(async (id) => {
    tokens = tokens.filter((each) => each.id !== id);
  });
  // The open dialog is module state, which survives a test.
  openPanel.set(null);
  const { screen } = await here.open('/');
  await screen.getByRole('button', { name: /^Ann/ }).click();
  await screen.getByRole('menuitem', { name: item }).click();
  return { ...here, screen };
}

describe('devices and tokens', () => {
  it('are listed and can be revoked one by one or together', async () => {
    const { api, screen } = await opened('Devices and tokens');
    await expect.element(screen.getByText('This device')).toBeVisible();
    await screen.getByRole('button', { name: 'Sign out: Safari on iPhone' }).click();
    expect(api.signOutDevice).toHaveBeenCalledExactlyOnceWith(2);
    await expect.element(screen.getByText('Safari on iPhone', { exact: true })).not.toBeInTheDocument();
    await screen.getByRole('button', { name: 'Sign out all other devices' }).click();
    await expect.element(screen.getByText('Chrome on Android', { exact: true })).not.toBeInTheDocument();
    await expect.element(screen.getByText(/ends .*24/)).toBeVisible();
    await screen.getByRole('button', { name: 'Revoke: bot' }).click();
    expect(api.revokeToken).toHaveBeenCalledExactlyOnceWith(7);
    await expect.element(screen.getByText('bot', { exact: true })).not.toBeInTheDocument();
    await expect.element(screen.getByText('import', { exact: true })).toBeVisible();
    expect(document.activeElement?.textContent).toBe('Signed in');
  });

  it('sign out this device through the dialog that asks about unsent messages', async () => {
    const { api, screen } = await opened('Devices and tokens');
    await screen.getByRole('button', { name: 'Sign out: Firefox on Linux' }).click();
    await expect.element(screen.getByRole('dialog', { name: 'Sign out of Acme?' })).toBeVisible();
    expect(api.signOutDevice).not.toHaveBeenCalled();
  });

  it('are offered for revocation when the password is changed', async () => {
    const { api, screen } = await opened('Change password');
    await screen.getByRole('textbox', { name: 'Current password' }).fill(' old ');
    await screen.getByRole('textbox', { name: 'New password' }).fill(' new one ');
    await expect.element(screen.getByText('Changing it signs your other devices out.')).toBeVisible();
    await screen.getByRole('checkbox', { name: /^bot/ }).click();
    await screen.getByRole('button', { name: 'Change password' }).click();
    expect(api.changePassword).toHaveBeenCalledExactlyOnceWith({
      current_password: ' old ',
      new_password: ' new one ',
      revoke_tokens: [7],
    });
  });

  it('can all be revoked at once with the password change', async () => {
    const { api, screen } = await opened('Change password');
    await screen.getByRole('textbox', { name: 'Current password' }).fill('old');
    await screen.getByRole('textbox', { name: 'New password' }).fill('new one');
    await screen.getByRole('checkbox', { name: 'All of them' }).click();
    await screen.getByRole('button', { name: 'Change password' }).click();
    expect(vi.mocked(api.changePassword).mock.calls[0]?.[0].revoke_tokens.toSorted()).toEqual([7, 8]);
  });
});

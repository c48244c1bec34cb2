import { KeyRound, Monitor, Smartphone } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { fullTime, briefTime } from '../../ui/time.ts';
import { toast } from '../../ui/Toasts.tsx';
import { useNow } from '../../ui/useNow.ts';
import type { AccessToken, AccountsApi, SignedInDevice } from './api.ts';

type Loaded = { readonly devices: readonly SignedInDevice[]; readonly tokens: readonly AccessToken[] };

interface DevicesDialogProps {
  readonly api: AccountsApi;
  readonly onClose: () => void;
  /** Opens the sign-out dialog, which asks about unsent messages. */
  readonly onSignOut: () => void;
}

/** Lists what can act as this user: signed-in browsers and access tokens. Each can be signed out or revoked. */
export function DevicesDialog({ api, onClose, onSignOut }: DevicesDialogProps) {
  const [found, setFound] = useState<Loaded | 'loading' | 'failed'>('loading');
  const heading = useRef<HTMLHeadingElement>(null);
  const load = useCallback(async () => {
    try {
      const [devices, tokens] = await Promise.all([api.devices(), api.tokens()]);
      setFound({ devices: devices.toSorted((a, b) => Number(b.this_device) - Number(a.this_device)), tokens });
    } catch {
      setFound('failed');
    }
  }, [api]);
  useEffect(() => void load(), [load]);

  const end = async (doing: () => Promise<void>, done: string) => {
    try {
      await doing();
      toast(done);
    } catch {
      toast('That did not work. The list below is current; try again.', 'problem');
    }
    await load();
    // The pressed button is gone with its row: move the focus to the heading.
    heading.current?.focus();
  };

  return (
    <Dialog title="Devices and tokens" wide onClose={onClose}>
      <div className="flex flex-col gap-5 px-5 pt-2 pb-5">
        {found === 'loading' && <p className="py-10 text-center text-ink-faint">Loading…</p>}
        {found === 'failed' && (
          <div role="alert" className="flex flex-col items-center gap-3 py-10 text-ink-soft">
            The list could not be loaded.
            <Button size="sm" onClick={() => void load()}>
              Try again
            </Button>
          </div>
        )}
        {typeof found === 'object' && (
          <>
            <section>
              <h3 ref={heading} tabIndex={-1} className="font-medium outline-none">
                Signed in
              </h3>
              <ul className="mt-1 divide-y divide-line">
                {found.devices.map((device) => (
                  <DeviceRow
                    key={device.id}
                    device={device}
                    onEnd={() =>
                      device.this_device
                        ? onSignOut()
                        : end(() => api.signOutDevice(device.id), `${device.device} is signed out.`)
                    }
                  />
                ))}
              </ul>
              {found.devices.length > 1 && (
                <Button
                  size="sm"
                  className="mt-2"
                  onClick={() => end(() => api.signOutOthers(), 'All other devices are signed out.')}
                >
                  Sign out all other devices
                </Button>
              )}
            </section>
            <section>
              <h3 className="font-medium">Tokens</h3>
              {found.tokens.length === 0 ? (
                <p className="mt-1 text-sm text-ink-soft">You have no access tokens.</p>
              ) : (
                <ul className="mt-1 divide-y divide-line">
                  {found.tokens.map((token) => (
                    <TokenRow
                      key={token.id}
                      token={token}
                      onEnd={() => end(() => api.revokeToken(token.id), `${nameOfToken(token)} is revoked.`)}
                    />
                  ))}
                </ul>
              )}
            </section>
          </>
        )}
      </div>
    </Dialog>
  );
}

interface DeviceRowProps {
  readonly device: SignedInDevice;
  readonly onEnd: () => Promise<void> | void;
}

function DeviceRow({ device, onEnd }: DeviceRowProps) {
  const day = useDay();
  const phone = /iPhone|Android|iPad/.test(device.device);
  const Icon = phone ? Smartphone : Monitor;
  return (
    <Row
      icon={<Icon />}
      name={device.device}
      tag={device.this_device ? 'This device' : undefined}
      title={device.agent}
      lines={[device.address, `signed in ${day(device.created_at)}`, `used ${day(device.last_used_at)}`]}
      action="Sign out"
      onEnd={onEnd}
    />
  );
}

function useDay(): (at: string) => string {
  const now = useNow();
  return (at) => briefTime(Date.parse(at), now);
}

const nameOfToken = (token: AccessToken) => token.name || `Token ${token.id}`;

function TokenRow({ token, onEnd }: { readonly token: AccessToken; readonly onEnd: () => Promise<void> }) {
  const day = useDay();
  return (
    <Row
      icon={<KeyRound />}
      name={nameOfToken(token)}
      lines={[
        `created ${day(token.created_at)}`,
        token.last_used_at ? `used ${day(token.last_used_at)}` : 'never used',
        ...(token.expires_at ? [`ends ${fullTime(Date.parse(token.expires_at))}`] : []),
      ]}
      title={token.last_used_at ? fullTime(Date.parse(token.last_used_at)) : ''}
      action="Revoke"
      onEnd={onEnd}
    />
  );
}

interface RowProps {
  readonly icon: ReactNode;
  readonly name: string;
  readonly tag?: string | undefined;
  readonly lines: readonly string[];
  readonly title: string;
  readonly action: string;
  readonly onEnd: () => Promise<void> | void;
}

function Row({ icon, name, tag, lines, title, action, onEnd }: RowProps) {
  const [busy, setBusy] = useState(false);
  const press = async () => {
    setBusy(true);
    await onEnd();
    setBusy(false);
  };
  return (
    <li className="flex items-center gap-3 py-2.5 [&>svg]:size-5 [&>svg]:shrink-0 [&>svg]:text-ink-faint">
      {icon}
      <div className="min-w-0 flex-1" title={title}>
        <p className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-0.5">
          <bdi className="truncate font-medium">{name}</bdi>
          {tag && (
            <span className="shrink-0 rounded-full bg-accent-soft px-2 py-0.5 text-xs font-medium text-accent">
              {tag}
            </span>
          )}
        </p>
        <p className="text-sm break-words text-ink-soft">{lines.filter(Boolean).join(' · ')}</p>
      </div>
      <Button
        size="sm"
        className="pointer-coarse:h-10"
        busy={busy}
        aria-label={`${action}: ${name}`}
        onClick={() => void press()}
      >
        {action}
      </Button>
    </li>
  );
}

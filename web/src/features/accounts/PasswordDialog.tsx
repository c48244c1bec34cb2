import { useEffect, useState } from 'react';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { briefTime } from '../../ui/time.ts';
import { toast } from '../../ui/Toasts.tsx';
import { useNow } from '../../ui/useNow.ts';
import type { AccessToken, AccountsApi } from './api.ts';
import { Problem } from './CenteredPage.tsx';
import { PasswordField } from './PasswordField.tsx';
import { broadcastSignIn } from './signInSync.ts';
import { useForm } from './useForm.ts';

interface PasswordDialogProps {
  readonly api: AccountsApi;
  readonly onClose: () => void;
  /** Called before the change, which ends all sign-ins of this user and gives this browser a new one. */
  readonly disconnect: () => Promise<void>;
  /** Called after the change, whether it succeeded or not. */
  readonly reconnect: () => void;
}

/** Changes the password, which signs out all other devices, and offers to revoke access tokens. */
export function PasswordDialog({ api, onClose, disconnect, reconnect }: PasswordDialogProps) {
  const tokens = useTokens(api);
  const [revoked, setRevoked] = useState<ReadonlySet<number>>(new Set());
  const form = useForm({ current_password: '', new_password: '' }, async (fields) => {
    await disconnect();
    try {
      await api.changePassword({ ...fields, revoke_tokens: [...revoked] });
      broadcastSignIn();
    } finally {
      reconnect();
    }
    const ended =
      revoked.size > 0 ? ` ${revoked.size === 1 ? 'One token is' : `${revoked.size} tokens are`} revoked.` : '';
    toast(`Your password is changed. Other devices are signed out.${ended}`);
    onClose();
  });
  const choose = (ids: readonly number[], on: boolean) =>
    setRevoked((now) => new Set(on ? [...now, ...ids] : [...now].filter((id) => !ids.includes(id))));
  return (
    <Dialog
      title="Change password"
      onClose={onClose}
      footer={
        <>
          <Button look="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" form="password" busy={form.busy}>
            Change password
          </Button>
        </>
      }
    >
      <form id="password" onSubmit={form.onSubmit} className="flex flex-col gap-4 px-5 pt-2 pb-5">
        {form.general && <Problem>{form.general}</Problem>}
        <PasswordField
          label="Current password"
          {...form.field('current_password')}
          required
          autoComplete="current-password"
        />
        <PasswordField label="New password" {...form.field('new_password')} required autoComplete="new-password" />
        <p className="text-sm text-ink-soft">Changing it signs your other devices out.</p>
        {tokens.length > 0 && <TokenChoice tokens={tokens} revoked={revoked} onChoose={choose} />}
      </form>
    </Dialog>
  );
}

interface TokenChoiceProps {
  readonly tokens: readonly AccessToken[];
  readonly revoked: ReadonlySet<number>;
  readonly onChoose: (ids: readonly number[], on: boolean) => void;
}

function TokenChoice({ tokens, revoked, onChoose }: TokenChoiceProps) {
  const now = useNow();
  return (
    <fieldset className="min-w-0 border-t border-line pt-3">
      <legend className="float-left mb-2 w-full text-sm text-ink-soft">
        {tokens.length === 1
          ? 'One token keeps working after the change. Revoke it if somebody else may know it:'
          : `${tokens.length} tokens keep working after the change. Revoke those that somebody else may know:`}
      </legend>
      {tokens.length > 1 && (
        <Choice
          label="All of them"
          on={tokens.every(({ id }) => revoked.has(id))}
          onChange={(on) =>
            onChoose(
              tokens.map(({ id }) => id),
              on,
            )
          }
        />
      )}
      {tokens.map(({ id, name, last_used_at }) => (
        <Choice
          key={id}
          label={name || `Token ${id}`}
          hint={last_used_at ? `used ${briefTime(Date.parse(last_used_at), now)}` : 'never used'}
          on={revoked.has(id)}
          onChange={(on) => onChoose([id], on)}
        />
      ))}
    </fieldset>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly hint?: string;
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
}

function Choice({ label, hint, on, onChange }: ChoiceProps) {
  return (
    <label className="flex min-h-8 clear-both items-center gap-2.5 pointer-coarse:min-h-11">
      <input
        type="checkbox"
        checked={on}
        onChange={(event) => onChange(event.target.checked)}
        className="size-4 shrink-0 accent-accent"
      />
      <bdi className="min-w-0 truncate">{label}</bdi>
      {hint && <span className="ml-auto shrink-0 text-xs text-ink-faint">{hint}</span>}
    </label>
  );
}

/** The user's tokens; empty if they cannot be loaded, which must not prevent a password change. */
function useTokens(api: AccountsApi): readonly AccessToken[] {
  const [tokens, setTokens] = useState<readonly AccessToken[]>([]);
  useEffect(() => {
    let current = true;
    api.tokens().then(
      (found) => current && setTokens(found),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [api]);
  return tokens;
}

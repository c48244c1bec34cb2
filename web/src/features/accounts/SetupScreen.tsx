import { useState } from 'react';
import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import type { AccountsApi } from './api.ts';
import { CenteredPage, Problem } from './CenteredPage.tsx';
import { PasswordField } from './PasswordField.tsx';
import { setupSecret } from './setupSecret.ts';
import { completeSignIn } from './signInSync.ts';
import { useForm } from './useForm.ts';

interface SetupScreenProps {
  readonly api: AccountsApi;
  readonly onDone: () => Promise<void>;
}

/**
 * Sets up a server without an owner. Needs the one-time address the server printed; without it, says where to find it.
 */
export function SetupScreen(props: SetupScreenProps) {
  const [secret] = useState(setupSecret);
  return secret ? <SetupForm {...props} secret={secret} /> : <NeedsAddress />;
}

function NeedsAddress() {
  return (
    <CenteredPage
      title="Open the printed address"
      lead="This server has no owner yet. To set it up, open the one-time address that it printed."
    >
      <ol className="flex list-decimal flex-col gap-3 pl-5 text-pretty text-ink-soft marker:text-ink-faint">
        <li>
          Look where <code className="rounded bg-hover px-1 text-ink">backchannel serve</code> runs: a terminal, or the
          log of its service or container.
        </li>
        <li>
          Open the address that it printed. It ends in <code className="rounded bg-hover px-1 text-ink">/?setup=…</code>
        </li>
        <li>
          If it has scrolled away,{' '}
          <code className="rounded bg-hover px-1 whitespace-nowrap text-ink">backchannel setup-address</code> on the
          server prints it again.
        </li>
      </ol>
    </CenteredPage>
  );
}

function SetupForm({ api, onDone, secret }: SetupScreenProps & { readonly secret: string }) {
  const form = useForm({ workspace: '', display_name: '', username: '', password: '' }, async (fields) => {
    const { workspace, username, ...rest } = fields;
    const setUp = () => api.setUp({ ...rest, setup: secret, workspace: workspace.trim(), username: username.trim() });
    await completeSignIn(api, setUp, onDone);
  });
  const refused = form.general ?? form.error?.fields['setup'];
  return (
    <CenteredPage
      title="Set up your workspace"
      lead="Name it and create the account that owns it. Other people join by invitation."
    >
      <form onSubmit={form.onSubmit} className="flex flex-col gap-4.5">
        {refused && <Problem>{refused}</Problem>}
        <Field
          label="Workspace"
          {...form.field('workspace')}
          required
          autoFocus
          maxLength={80}
          autoComplete="organization"
          placeholder="Acme Robotics"
        />
        <hr className="border-line" />
        <Field
          label="Your name"
          {...form.field('display_name')}
          maxLength={80}
          autoComplete="name"
          placeholder="Maya Lindqvist"
        />
        <UsernameField {...form.field('username')} />
        <PasswordField label="Password" {...form.field('password')} required autoComplete="new-password" />
        <Button type="submit" look="primary" size="lg" busy={form.busy} className="mt-1">
          Create workspace
        </Button>
      </form>
    </CenteredPage>
  );
}

type UsernameFieldProps = Omit<Parameters<typeof Field>[0], 'label'>;

export function UsernameField(props: UsernameFieldProps) {
  return (
    <Field
      label="Username"
      required
      autoComplete="username"
      autoCapitalize="none"
      spellCheck={false}
      hint="Lowercase letters, digits and . _ - ; others mention you with @username."
      {...props}
    />
  );
}

import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import type { AccountsApi } from './api.ts';
import { Entrance, Problem } from './Entrance.tsx';
import { PasswordField } from './PasswordField.tsx';
import { useForm } from './useForm.ts';

interface SetupScreenProps {
  readonly api: AccountsApi;
  readonly onDone: () => Promise<void>;
}

/** The very first visit: nobody exists yet. */
export function SetupScreen({ api, onDone }: SetupScreenProps) {
  const form = useForm({ workspace: '', display_name: '', username: '', password: '' }, async (fields) => {
    await api.setUp({ ...fields, workspace: fields.workspace.trim(), username: fields.username.trim() });
    await onDone();
  });
  return (
    <Entrance
      title="Set up your workspace"
      lead="Name it, and make the account that owns it. Others come in by your invitation."
    >
      <form onSubmit={form.onSubmit} className="flex flex-col gap-4.5">
        {form.general && <Problem>{form.general}</Problem>}
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
    </Entrance>
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
      hint="Lowercase letters, digits and . _ - ; what others type after an @."
      {...props}
    />
  );
}

import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { AccountError, type AccountState, type AccountsApi } from './api.ts';
import { CenteredPage, Problem } from './CenteredPage.tsx';
import { PasswordField } from './PasswordField.tsx';
import { completeSignIn } from './signInSync.ts';
import { useForm } from './useForm.ts';

interface SignInScreenProps {
  readonly api: AccountsApi;
  readonly state: AccountState;
  readonly onDone: () => Promise<void>;
  /** Why a user who was signed in sees this. */
  readonly notice?: ReactNode;
}

export function SignInScreen({ api, state, onDone, notice }: SignInScreenProps) {
  const [asksCode, setAsksCode] = useState(false);
  const form = useForm({ username: '', password: '' }, async (fields) => {
    try {
      await completeSignIn(api, () => api.signIn({ ...fields, username: fields.username.trim() }), onDone);
    } catch (refusal) {
      if (refusal instanceof AccountError && refusal.needsCode) return setAsksCode(true);
      throw refusal;
    }
  });
  if (asksCode) return <CodeScreen api={api} onDone={onDone} />;
  return (
    <CenteredPage title={`Sign in to ${state.workspace}`} lead={notice} foot={<SignUpHint state={state} />}>
      <form onSubmit={form.onSubmit} className="flex flex-col gap-4.5">
        {form.general && <Problem>{form.general}</Problem>}
        <Field
          label="Username"
          {...form.field('username')}
          required
          autoFocus
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
        />
        <PasswordField label="Password" {...form.field('password')} required autoComplete="current-password" />
        <Button type="submit" look="primary" size="lg" busy={form.busy} className="mt-1">
          Sign in
        </Button>
      </form>
    </CenteredPage>
  );
}

function SignUpHint({ state }: { readonly state: AccountState }) {
  if (state.signup === 'open') {
    return (
      <>
        New here?{' '}
        <Link href="/signup" className="font-medium text-accent hover:underline">
          Create an account
        </Link>
      </>
    );
  }
  if (state.signup === 'invitation') return 'No account yet? Ask somebody here for an invitation link.';
  return 'The administrator creates new accounts.';
}

/** The second step of accounts with two-factor authentication: a code of an authenticator app. */
function CodeScreen({ api, onDone }: { readonly api: AccountsApi; readonly onDone: () => Promise<void> }) {
  const form = useForm({ code: '' }, async ({ code }) => {
    await completeSignIn(api, () => api.confirmCode(code.replace(/\s/g, '')), onDone);
  });
  return (
    <CenteredPage title="One more step" lead="Enter the code your authenticator app shows, or a recovery code.">
      <form onSubmit={form.onSubmit} className="flex flex-col gap-4.5">
        {form.general && <Problem>{form.general}</Problem>}
        <Field
          label="Code"
          {...form.field('code')}
          required
          autoFocus
          autoComplete="one-time-code"
          inputMode="numeric"
        />
        <Button type="submit" look="primary" size="lg" busy={form.busy}>
          Continue
        </Button>
      </form>
    </CenteredPage>
  );
}

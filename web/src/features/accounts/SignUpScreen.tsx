import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { Spinner } from '../../ui/Spinner.tsx';
import type { AccountState, AccountsApi } from './api.ts';
import { CenteredPage, Problem } from './CenteredPage.tsx';
import { PasswordField } from './PasswordField.tsx';
import { completeSignIn } from './signInSync.ts';
import { UsernameField } from './SetupScreen.tsx';
import { useForm } from './useForm.ts';

interface SignUpScreenProps {
  readonly api: AccountsApi;
  readonly state: AccountState;
  /** The secret of the invitation link; null without one. */
  readonly invitation: string | null;
  readonly onDone: () => Promise<void>;
}

type Availability = 'checking' | 'open' | 'expired' | 'closed' | 'needs-invitation';

export function SignUpScreen({ api, state, invitation, onDone }: SignUpScreenProps) {
  const availability = useAvailability(api, state, invitation);
  if (availability === 'checking') {
    return (
      <main role="status" aria-label="Loading" className="grid min-h-dvh place-items-center bg-shade text-ink-faint">
        <Spinner className="size-6" />
      </main>
    );
  }
  if (availability !== 'open') return <SignUpUnavailable availability={availability} workspace={state.workspace} />;
  return <SignUpForm api={api} state={state} invitation={invitation} onDone={onDone} />;
}

function useAvailability(api: AccountsApi, state: AccountState, invitation: string | null): Availability {
  const mustCheck = state.signup === 'invitation' && invitation !== null;
  const [checked, setChecked] = useState<Availability>('checking');
  useEffect(() => {
    if (!mustCheck) return undefined;
    let current = true;
    api.isInvitationValid(invitation).then(
      (open) => current && setChecked(open ? 'open' : 'expired'),
      // Submitting the form will show what is wrong with the server.
      () => current && setChecked('open'),
    );
    return () => {
      current = false;
    };
  }, [api, mustCheck, invitation]);
  if (state.signup === 'closed') return 'closed';
  if (state.signup === 'open') return 'open';
  return mustCheck ? checked : 'needs-invitation';
}

function SignUpForm({ api, state, invitation, onDone }: SignUpScreenProps) {
  const form = useForm({ display_name: '', username: '', password: '' }, async (fields) => {
    const signUp = () => api.signUp({ ...fields, username: fields.username.trim(), email: '', invitation });
    await completeSignIn(api, signUp, onDone);
  });
  const general = form.general ?? form.error?.fields['invitation'];
  return (
    <CenteredPage
      title={invitation ? `You are invited to ${state.workspace}` : `Join ${state.workspace}`}
      lead="Create an account to join."
      foot={<HaveAccount />}
    >
      <form onSubmit={form.onSubmit} className="flex flex-col gap-4.5">
        {general && <Problem>{general}</Problem>}
        <Field label="Your name" {...form.field('display_name')} autoFocus maxLength={80} autoComplete="name" />
        <UsernameField {...form.field('username')} />
        <PasswordField label="Password" {...form.field('password')} required autoComplete="new-password" />
        <Button type="submit" look="primary" size="lg" busy={form.busy} className="mt-1">
          Create account
        </Button>
      </form>
    </CenteredPage>
  );
}

const REASONS = {
  closed: { title: 'Sign-up is closed', text: 'The administrator of this workspace creates new accounts.' },
  expired: {
    title: 'This invitation is no longer valid',
    text: 'It was used up or is too old. Ask the person who sent it for a new one.',
  },
  'needs-invitation': { title: 'An invitation is needed', text: 'Ask a member for an invitation link.' },
} as const;

function SignUpUnavailable({
  availability,
  workspace,
}: {
  readonly availability: keyof typeof REASONS;
  readonly workspace: string;
}) {
  return (
    <CenteredPage title={REASONS[availability].title} lead={REASONS[availability].text}>
      <Link
        href="/"
        className="inline-flex h-11 items-center rounded-md border border-line-strong bg-raised px-5 text-base font-medium hover:bg-hover"
      >
        Sign in to {workspace}
      </Link>
    </CenteredPage>
  );
}

function HaveAccount() {
  return (
    <>
      Have an account?{' '}
      <Link href="/" className="font-medium text-accent hover:underline">
        Sign in
      </Link>
    </>
  );
}

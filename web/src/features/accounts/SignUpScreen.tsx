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
  /** The secret of an invitation link; null where somebody came without one. */
  readonly invitation: string | null;
  readonly onDone: () => Promise<void>;
}

type Standing = 'checking' | 'open' | 'over' | 'closed' | 'needs-invitation';

export function SignUpScreen({ api, state, invitation, onDone }: SignUpScreenProps) {
  const standing = useStanding(api, state, invitation);
  if (standing === 'checking') {
    return (
      <main role="status" aria-label="Loading" className="grid min-h-dvh place-items-center bg-shade text-ink-faint">
        <Spinner className="size-6" />
      </main>
    );
  }
  if (standing !== 'open') return <NoEntry standing={standing} workspace={state.workspace} />;
  return <SignUpForm api={api} state={state} invitation={invitation} onDone={onDone} />;
}

function useStanding(api: AccountsApi, state: AccountState, invitation: string | null): Standing {
  const asks = state.signup === 'invitation' && invitation !== null;
  const [checked, setChecked] = useState<Standing>('checking');
  useEffect(() => {
    if (!asks) return undefined;
    let current = true;
    api.isInvitationValid(invitation).then(
      (open) => current && setChecked(open ? 'open' : 'over'),
      // The form itself will say what is wrong with the server.
      () => current && setChecked('open'),
    );
    return () => {
      current = false;
    };
  }, [api, asks, invitation]);
  if (state.signup === 'closed') return 'closed';
  if (state.signup === 'open') return 'open';
  return asks ? checked : 'needs-invitation';
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
      lead="Make an account, and you are in."
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

const WHY = {
  closed: { title: 'Sign-up is closed', text: 'New accounts are made by the administrator of this workspace.' },
  over: {
    title: 'This invitation is over',
    text: 'It was used up, or its time has passed. Ask whoever sent it for a new one.',
  },
  'needs-invitation': { title: 'An invitation is needed', text: 'Ask somebody who is in for an invitation link.' },
} as const;

function NoEntry({ standing, workspace }: { readonly standing: keyof typeof WHY; readonly workspace: string }) {
  return (
    <CenteredPage title={WHY[standing].title} lead={WHY[standing].text}>
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

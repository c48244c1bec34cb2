import { Route, Switch } from 'wouter';
import { isolated } from '../../ui/names.ts';
import type { AccountState, AccountsApi } from './api.ts';
import { SetupScreen } from './SetupScreen.tsx';
import { SignInScreen } from './SignInScreen.tsx';
import { SignUpScreen } from './SignUpScreen.tsx';
import { useSignedInElsewhere } from './signInSync.ts';

interface SignedOutScreensProps {
  readonly api: AccountsApi;
  readonly state: AccountState;
  readonly onDone: () => Promise<void>;
  /** Why a user who was signed in has to sign in again; then only the sign-in is shown. */
  readonly notice?: string;
}

/** All screens for users who are not signed in. Part of the lazy bundle: most visits never see them. */
export function SignedOutScreens({ api, state: received, onDone, notice }: SignedOutScreensProps) {
  const state = { ...received, workspace: isolated(received.workspace) };
  useSignedInElsewhere(api, onDone);
  if (notice !== undefined) return <SignInScreen api={api} state={state} onDone={onDone} notice={notice} />;
  if (state.setup_required) return <SetupScreen api={api} onDone={onDone} />;
  return (
    <Switch>
      <Route path="/invite/:secret">
        {({ secret }) => <SignUpScreen api={api} state={state} invitation={secret} onDone={onDone} />}
      </Route>
      <Route path="/signup">
        <SignUpScreen api={api} state={state} invitation={null} onDone={onDone} />
      </Route>
      <Route>
        <SignInScreen api={api} state={state} onDone={onDone} />
      </Route>
    </Switch>
  );
}

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
  /** Somebody was signed in a moment ago: only signing in again makes sense, and this is why. */
  readonly notice?: string;
}

/** Everything shown to somebody who is not signed in. Loaded late: most visits never see it. */
export function SignedOutScreens({ api, state: told, onDone, notice }: SignedOutScreensProps) {
  const state = { ...told, workspace: isolated(told.workspace) };
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

import type { UserId } from '@backchannel/client';
import { Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { AccountState, AccountsApi } from '../features/accounts/api.ts';
import { CenteredPage } from '../features/accounts/CenteredPage.tsx';
import { Announcer } from '../ui/announce.tsx';
import { Button } from '../ui/Button.tsx';
import { isolated } from '../ui/names.ts';
import { Spinner } from '../ui/Spinner.tsx';
import { Toasts } from '../ui/Toasts.tsx';
import { AccountsContext } from './accounts.ts';
import { PageErrorBoundary } from './PageErrorBoundary.tsx';
import { ChatProvider } from './chat.ts';
import { forgetMembershipChanges } from './membershipChanges.ts';
import { createDrafts } from './drafts.ts';
import { useDropAndPaste } from './dropAndPaste.ts';
import { lazyComponent } from './lazyWithRetry.ts';
import type { OpenChat } from './openChat.ts';
import { type SignedIn, SignedInContext } from './signedIn.ts';
import { openPanel } from './panels.ts';
import { Shell } from './Shell.tsx';
import { closeNotifications, onSignedOut, broadcastSignOut } from './signOutSync.ts';

const SignedOutScreens = lazyComponent((loaded) => loaded.SignedOutScreens);

interface AppProps {
  readonly api: AccountsApi;
  /** What the page brought along; null asks the server first. */
  readonly initial: AccountState | null;
  readonly openChat: (userId: UserId) => OpenChat;
}

/** Who is here decides what is shown: nobody yet (setup), a stranger (sign-in), or somebody (the app). */
export function App({ api, initial, openChat }: AppProps) {
  const [state, setState] = useState<AccountState | 'failed' | null>(initial);
  useDropAndPaste();
  const load = useCallback(async () => {
    try {
      setState(await api.getState());
    } catch {
      setState('failed');
    }
  }, [api]);
  useEffect(() => {
    if (initial === null) void load();
  }, [initial, load]);

  return (
    <PageErrorBoundary>
      <AccountsContext value={api}>
        <Suspense fallback={<Loading />}>
          <Screen api={api} state={state} load={load} openChat={openChat} />
        </Suspense>
        <Toasts />
        <Announcer />
      </AccountsContext>
    </PageErrorBoundary>
  );
}

interface ScreenProps {
  readonly api: AccountsApi;
  readonly state: AccountState | 'failed' | null;
  readonly load: () => Promise<void>;
  readonly openChat: (userId: UserId) => OpenChat;
}

function Screen({ api, state, load, openChat }: ScreenProps) {
  if (state === null) return <Loading />;
  if (state === 'failed') {
    return (
      <CenteredPage
        title="The server cannot be reached"
        lead="Check your connection. If others see this too, the server is down."
      >
        <Button look="primary" size="lg" onClick={() => void load()}>
          Try again
        </Button>
      </CenteredPage>
    );
  }
  if (state.user)
    return (
      <SignedInApp key={state.user.id} api={api} state={state} user={state.user} load={load} openChat={openChat} />
    );
  return <SignedOutScreens api={api} state={state} onDone={load} />;
}

function Loading() {
  return (
    <main role="status" aria-label="Loading" className="grid min-h-dvh place-items-center text-ink-faint">
      <Spinner className="size-6" />
    </main>
  );
}

interface SignedInAppProps {
  readonly api: AccountsApi;
  readonly state: AccountState;
  readonly user: NonNullable<AccountState['user']>;
  readonly load: () => Promise<void>;
  readonly openChat: (userId: UserId) => OpenChat;
}

function SignedInApp({ api, state, user, load, openChat }: SignedInAppProps) {
  const [{ chat, tabs }] = useState(() => openChat(user.id));
  const [drafts] = useState(() => createDrafts(user.id, storage()));
  const [expired, setExpired] = useState(false);

  useEffect(() => {
    const onStorage = (event: StorageEvent) => drafts.sync(event.key);
    window.addEventListener('storage', onStorage);
    return () => window.removeEventListener('storage', onStorage);
  }, [drafts]);

  const latest = useRef(load);
  latest.current = load;
  /** Nothing of this person stays on the device. */
  const forget = useCallback(async () => {
    await chat.forget();
    // What other tabs wrote as well.
    await tabs.wipe();
    await closeNotifications().catch(() => undefined);
    drafts.clear();
    forgetMembershipChanges(user.id);
    // Whoever signs in next has opened no dialog.
    openPanel.set(null);
    await latest.current();
  }, [chat, drafts, tabs, user.id]);
  const signedIn = useMemo<SignedIn>(
    () => ({
      user,
      workspace: isolated(state.workspace),
      tabs,
      drafts,
      canInvite: user.staff && state.signup === 'invitation',
      askToSignIn: () => setExpired(true),
      async signOut() {
        // Its answer to a session that has ended would be a bar that asks to sign in.
        await chat.disconnect();
        try {
          await api.signOut();
        } catch (refusal) {
          chat.connect();
          throw refusal;
        }
        broadcastSignOut(user.id);
        await forget();
      },
    }),
    [api, chat, drafts, forget, state.signup, state.workspace, tabs, user],
  );
  useEffect(() => {
    const leave = async () => {
      await chat.disconnect();
      await forget();
    };
    return onSignedOut(user.id, () => void leave());
  }, [chat, forget, user]);

  if (expired) {
    const comeBack = async () => {
      await load();
      setExpired(false);
    };
    return (
      <SignedOutScreens
        api={api}
        state={state}
        onDone={comeBack}
        notice="Your session has ended. What you wrote is kept: it is sent when you are back."
      />
    );
  }
  return (
    <ChatProvider chat={chat}>
      <SignedInContext value={signedIn}>
        <Shell />
      </SignedInContext>
    </ChatProvider>
  );
}

function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

import type { UserId } from '@backchannel/client';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
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
import { giveDeletions } from './heldDeletions.ts';
import { forgetLastRoom } from './lastRoom.ts';
import { lazyComponent, loadDrafts, loadFleet } from './lazyWithRetry.ts';
import type { OpenChat } from './openChat.ts';
import { type SignedIn, SignedInContext } from './signedIn.ts';
import { openPanel } from './panels.ts';
import { openThread } from './threads.ts';
import { Shell } from './Shell.tsx';
import { closeNotifications, onSignedOut, broadcastSignOut } from './signOutSync.ts';

const FleetPage = lazy(async () => ({ default: (await loadFleet()).FleetPage }));
const SignedOutScreens = lazyComponent((loaded) => loaded.SignedOutScreens);

interface AppProps {
  readonly api: AccountsApi;
  /** The account state embedded in the page; null asks the server first. */
  readonly initial: AccountState | null;
  readonly openChat: (userId: UserId) => OpenChat;
}

/** The whole page: setup while the server has no owner, the sign-in screens, or the app of the signed-in user. */
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
  // Without a chat: it is looked at when WebSockets do not work.
  if (state.user?.staff && location.pathname === '/admin/fleet') return <FleetPage />;
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
  const [{ chat, tabs, files, threads }] = useState(() => openChat(user.id));
  const [drafts] = useState(() => createDrafts(user.id, storage()));
  const [expired, setExpired] = useState(false);

  useEffect(() => {
    const onStorage = (event: StorageEvent) => drafts.sync(event.key);
    window.addEventListener('storage', onStorage);
    return () => window.removeEventListener('storage', onStorage);
  }, [drafts]);

  useEffect(() => {
    let isOver = false;
    void loadDrafts().then(({ startDraftSync }) => {
      if (!isOver && !drafts.link.get()) drafts.link.set(startDraftSync(chat, drafts, user.id, storage()));
    });
    return () => {
      isOver = true;
    };
  }, [chat, drafts, user.id]);

  const latest = useRef(load);
  latest.current = load;
  /** Deletes everything this user has on the device, then loads the account state again. */
  const forget = useCallback(async () => {
    await files.forget();
    await chat.forget();
    // Includes what other tabs stored.
    await tabs.wipe();
    await closeNotifications().catch(() => undefined);
    drafts.clear();
    forgetMembershipChanges(user.id);
    forgetLastRoom(user.id);
    // A dialog that is open must not reappear for the next user.
    openPanel.set(null);
    openThread.set(null);
    await latest.current();
  }, [chat, drafts, files, tabs, user.id]);
  const signedIn = useMemo<SignedIn>(
    () => ({
      user,
      workspace: isolated(state.workspace),
      tabs,
      drafts,
      files,
      recorder: chat,
      isStaff: user.staff,
      threads,
      canInvite: user.staff && state.signup === 'invitation',
      askToSignIn: () => setExpired(true),
      async signOut() {
        await giveDeletions(chat, user.id);
        // A connected chat would notice the ended sign-in and show the "signed out" bar.
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
    [api, chat, drafts, files, forget, state.signup, state.workspace, tabs, threads, user],
  );
  useEffect(() => {
    const leave = async () => {
      await chat.disconnect();
      await forget();
    };
    return onSignedOut(user.id, () => void leave());
  }, [chat, forget, user]);

  if (expired) {
    const resume = async () => {
      await load();
      setExpired(false);
    };
    return (
      <SignedOutScreens
        api={api}
        state={state}
        onDone={resume}
        notice="Your session has ended. What you wrote is kept and is sent when you sign in again."
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

import type { UserId } from '@backchannel/client';
import { Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { AccountState, AccountsApi } from '../features/accounts/api.ts';
import { Entrance } from '../features/accounts/Entrance.tsx';
import { Announcer } from '../ui/announce.tsx';
import { Button } from '../ui/Button.tsx';
import { isolated } from '../ui/names.ts';
import { Spinner } from '../ui/Spinner.tsx';
import { Toasts } from '../ui/Toasts.tsx';
import { AccountsContext } from './accounts.ts';
import { Boundary } from './Boundary.tsx';
import { ChatProvider } from './chat.ts';
import { forgetComings } from './comings.ts';
import { createDrafts } from './drafts.ts';
import { useDropAndPaste } from './intoComposer.ts';
import { late } from './late.ts';
import type { OpenChat } from './openChat.ts';
import { type Session, SessionContext } from './session.ts';
import { openPanel } from './panels.ts';
import { Shell } from './Shell.tsx';
import { closeNotifications, onSignedOut, tellSignedOut } from './signedOut.ts';

const Strangers = late((loaded) => loaded.Strangers);

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
    <Boundary>
      <AccountsContext value={api}>
        <Suspense fallback={<Loading />}>
          <Screen api={api} state={state} load={load} openChat={openChat} />
        </Suspense>
        <Toasts />
        <Announcer />
      </AccountsContext>
    </Boundary>
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
      <Entrance
        title="The server cannot be reached"
        lead="Check your connection. If others see this too, the server is down."
      >
        <Button look="primary" size="lg" onClick={() => void load()}>
          Try again
        </Button>
      </Entrance>
    );
  }
  if (state.user)
    return <SignedIn key={state.user.id} api={api} state={state} user={state.user} load={load} openChat={openChat} />;
  return <Strangers api={api} state={state} onDone={load} />;
}

function Loading() {
  return (
    <main role="status" aria-label="Loading" className="grid min-h-dvh place-items-center text-ink-faint">
      <Spinner className="size-6" />
    </main>
  );
}

interface SignedInProps {
  readonly api: AccountsApi;
  readonly state: AccountState;
  readonly user: NonNullable<AccountState['user']>;
  readonly load: () => Promise<void>;
  readonly openChat: (userId: UserId) => OpenChat;
}

function SignedIn({ api, state, user, load, openChat }: SignedInProps) {
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
    forgetComings(user.id);
    // Whoever signs in next has opened no dialog.
    openPanel.set(null);
    await latest.current();
  }, [chat, drafts, tabs, user.id]);
  const session = useMemo<Session>(
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
        tellSignedOut(user.id);
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
      <Strangers
        api={api}
        state={state}
        onDone={comeBack}
        notice="Your session has ended. What you wrote is kept: it is sent when you are back."
      />
    );
  }
  return (
    <ChatProvider chat={chat}>
      <SessionContext value={session}>
        <Shell />
      </SessionContext>
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

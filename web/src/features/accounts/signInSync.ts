import { openBroadcastChannel } from '../../app/openBroadcastChannel.ts';
import { useEffect, useRef } from 'react';
import type { AccountState, AccountsApi } from './api.ts';
import { AccountError } from './api.ts';

/** Tabs of every build listen, so this word must stay as it is. */
const CHANNEL = 'backchannel signed in';

const open = (): BroadcastChannel | null => openBroadcastChannel(CHANNEL);

/** Tells the other tabs that this browser has a session, or another one than before. */
export function broadcastSignIn(): void {
  const channel = open();
  channel?.postMessage(null);
  channel?.close();
}

/** Calls `run` when another tab says so, and whenever somebody comes back to this one: a closed tab may have said it. */
export function onSignedIn(run: () => void): () => void {
  const channel = open();
  const seen = () => document.visibilityState === 'visible' && run();
  channel?.addEventListener('message', run);
  document.addEventListener('visibilitychange', seen);
  window.addEventListener('focus', seen);
  return () => {
    channel?.close();
    document.removeEventListener('visibilitychange', seen);
    window.removeEventListener('focus', seen);
  };
}

/** Who is signed in in this browser; null where nobody is, or nothing answers. */
export async function fetchSignedInUser(api: AccountsApi): Promise<AccountState['user']> {
  return (await api.getState().catch(() => null))?.user ?? null;
}

/** For the pages before the app: goes on by itself once another tab has signed in. */
export function useSignedInElsewhere(api: AccountsApi, onDone: () => Promise<void>): void {
  const latest = useRef({ api, onDone });
  latest.current = { api, onDone };
  useEffect(() => {
    const look = async () => {
      if (await fetchSignedInUser(latest.current.api)) await latest.current.onDone();
    };
    return onSignedIn(() => void look());
  }, []);
}

/**
 * Does what signs in, tells the other tabs, and goes on. The server refuses whoever is in already (409, and 403 at the setup):
 * another tab was faster, and there is nothing to sign in for.
 */
export async function completeSignIn(
  api: AccountsApi,
  doing: () => Promise<void>,
  onDone: () => Promise<void>,
): Promise<void> {
  try {
    await doing();
  } catch (refusal) {
    const isLate = refusal instanceof AccountError && (refusal.status === 409 || refusal.status === 403);
    if (!isLate || !(await fetchSignedInUser(api))) throw refusal;
  }
  broadcastSignIn();
  await onDone();
}

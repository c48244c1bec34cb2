import { openBroadcastChannel } from '../../app/openBroadcastChannel.ts';
import { useEffect, useRef } from 'react';
import type { AccountState, AccountsApi } from './api.ts';
import { AccountError } from './api.ts';

/** Tabs of every build listen on this channel, so its name must not change. */
const CHANNEL = 'backchannel signed in';

const open = (): BroadcastChannel | null => openBroadcastChannel(CHANNEL);

/** Tells the other tabs that this browser has a new sign-in. */
export function broadcastSignIn(): void {
  const channel = open();
  channel?.postMessage(null);
  channel?.close();
}

/** Calls `run` when another tab signs in, and when this tab becomes visible again: it may have missed the message. */
export function onSignedIn(run: () => void): () => void {
  const channel = open();
  const onVisible = () => document.visibilityState === 'visible' && run();
  channel?.addEventListener('message', run);
  document.addEventListener('visibilitychange', onVisible);
  window.addEventListener('focus', onVisible);
  return () => {
    channel?.close();
    document.removeEventListener('visibilitychange', onVisible);
    window.removeEventListener('focus', onVisible);
  };
}

/** The user signed in in this browser; null if none, or if the server does not answer. */
export async function fetchSignedInUser(api: AccountsApi): Promise<AccountState['user']> {
  return (await api.getState().catch(() => null))?.user ?? null;
}

/** For the signed-out screens: calls `onDone` once another tab has signed in. */
export function useSignedInElsewhere(api: AccountsApi, onDone: () => Promise<void>): void {
  const latest = useRef({ api, onDone });
  latest.current = { api, onDone };
  useEffect(() => {
    const check = async () => {
      if (await fetchSignedInUser(latest.current.api)) await latest.current.onDone();
    };
    return onSignedIn(() => void check());
  }, []);
}

/**
 * Runs `signIn`, tells the other tabs and calls `onDone`. The server refuses with 409 (403 at the setup) if another tab
 * has signed in meanwhile; that counts as success.
 */
export async function completeSignIn(
  api: AccountsApi,
  signIn: () => Promise<void>,
  onDone: () => Promise<void>,
): Promise<void> {
  try {
    await signIn();
  } catch (refusal) {
    const mayBeSignedIn = refusal instanceof AccountError && (refusal.status === 409 || refusal.status === 403);
    if (!mayBeSignedIn || !(await fetchSignedInUser(api))) throw refusal;
  }
  broadcastSignIn();
  await onDone();
}

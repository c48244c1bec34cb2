import { type ReactNode, use, useEffect, useRef, useState } from 'react';
import { AccountsContext } from '../../app/accounts.ts';
import { useChat } from '../../app/chat.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { onSignedIn, fetchSignedInUser } from '../accounts/signInSync.ts';

/** When to check for a new sign-in: its cookie may arrive after the news that the old one has ended. */
const CHECK_AFTER_MS = [0, 700, 2_500];
/** At most this many reconnects in this time: a sign-in may work for the page and not for the chat. */
const MAX_RECONNECTS = 3;
const RECONNECTS_WITHIN_MS = 20_000;

const reconnects: number[] = [];

/**
 * Shows `children`, the "signed out" bar, once it is certain. Another tab may have changed the password or signed in
 * again, which gives this browser a new sign-in; then the chat reconnects by itself.
 */
export function ConfirmSignedOut({ children }: { readonly children: ReactNode }) {
  const chat = useChat();
  const api = use(AccountsContext);
  const { user } = useSignedIn();
  const [certain, setCertain] = useState(false);

  const check = useRef(async () => {});
  check.current = async () => {
    if ((await fetchSignedInUser(api))?.id === user.id && mayReconnect(Date.now())) chat.connect();
  };
  useEffect(() => {
    const timers = CHECK_AFTER_MS.map((delay) => setTimeout(() => void check.current(), delay));
    timers.push(setTimeout(() => setCertain(true), (CHECK_AFTER_MS.at(-1) ?? 0) + 500));
    const stop = onSignedIn(() => void check.current());
    return () => {
      timers.forEach(clearTimeout);
      stop();
    };
  }, []);

  return certain && children;
}

function mayReconnect(now: number): boolean {
  while (reconnects[0] !== undefined && reconnects[0] < now - RECONNECTS_WITHIN_MS) reconnects.shift();
  if (reconnects.length >= MAX_RECONNECTS) return false;
  reconnects.push(now);
  return true;
}

import { type ReactNode, use, useEffect, useRef, useState } from 'react';
import { AccountsContext } from '../../app/accounts.ts';
import { useChat } from '../../app/chat.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { onSignedIn, fetchSignedInUser } from '../accounts/signInSync.ts';

/** The answer that brings this browser a new session may be on its way while the old one's end is heard of already. */
const LOOKS_AT_MS = [0, 700, 2_500];
/** A session that is good for the page and not for the chat must not be tried in a circle. */
const TRIES = 3;
const WITHIN_MS = 20_000;

const tries: number[] = [];

/**
 * Shows `children`, which say that the session is over, once that is sure: another tab may have changed the password or signed in again, and this
 * browser's session is a good one then. Goes on by itself as soon as there is one.
 */
export function ConfirmSignedOut({ children }: { readonly children: ReactNode }) {
  const chat = useChat();
  const api = use(AccountsContext);
  const { user } = useSignedIn();
  const [sure, setSure] = useState(false);

  const look = useRef(async () => {});
  look.current = async () => {
    if ((await fetchSignedInUser(api))?.id === user.id && mayTry(Date.now())) chat.connect();
  };
  useEffect(() => {
    const timers = LOOKS_AT_MS.map((delay) => setTimeout(() => void look.current(), delay));
    timers.push(setTimeout(() => setSure(true), (LOOKS_AT_MS.at(-1) ?? 0) + 500));
    const stop = onSignedIn(() => void look.current());
    return () => {
      timers.forEach(clearTimeout);
      stop();
    };
  }, []);

  return sure && children;
}

function mayTry(now: number): boolean {
  while (tries[0] !== undefined && tries[0] < now - WITHIN_MS) tries.shift();
  if (tries.length >= TRIES) return false;
  tries.push(now);
  return true;
}

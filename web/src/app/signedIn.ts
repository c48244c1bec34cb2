import type { User } from '@backchannel/client';
import type { SharedTabs } from '@backchannel/client/tabs';
import { createContext, useContext } from 'react';
import type { Drafts } from './drafts.ts';

/** Who sits here, for as long as they are signed in. */
export interface SignedIn {
  readonly user: User;
  readonly workspace: string;
  readonly tabs: SharedTabs;
  readonly drafts: Drafts;
  /** May make invitations. */
  readonly canInvite: boolean;
  /** Ends the session on the server and shows the sign-in; the caller has warned of unsent messages. */
  signOut(): Promise<void>;
  /** Shows the sign-in without ending anything: the server already has. */
  askToSignIn(): void;
}

export const SignedInContext = createContext<SignedIn | null>(null);

export function useSignedIn(): SignedIn {
  const signedIn = useContext(SignedInContext);
  if (!signedIn) throw new Error('Nobody is signed in here.');
  return signedIn;
}

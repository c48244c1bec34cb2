import type { User } from '@backchannel/client';
import type { RecorderChat } from '@backchannel/client/recorder';
import type { SharedTabs } from '@backchannel/client/tabs';
import { createContext, useContext } from 'react';
import type { Drafts } from './drafts.ts';
import type { Files } from './files.ts';
import type { Threads } from './threads.ts';

/** The signed-in user and what belongs to them, until they sign out. */
export interface SignedIn {
  readonly user: User;
  /** The workspace's name, isolated for use in sentences. */
  readonly workspace: string;
  readonly tabs: SharedTabs;
  readonly drafts: Drafts;
  readonly files: Files;
  /** What this tab recorded of its connection. */
  readonly recorder: RecorderChat;
  /** Whether the user may see the fleet. */
  readonly isStaff: boolean;
  readonly threads: Threads;
  /** Whether the user may create invitations. */
  readonly canInvite: boolean;
  /**
   * Signs out on the server, deletes the user's data from the device and shows the sign-in. Warn of unsent messages
   * first.
   */
  signOut(): Promise<void>;
  /** Shows the sign-in after the server has ended the sign-in. Keeps the user's data. */
  askToSignIn(): void;
}

export const SignedInContext = createContext<SignedIn | null>(null);

export function useSignedIn(): SignedIn {
  const signedIn = useContext(SignedInContext);
  if (!signedIn) throw new Error('useSignedIn must be used below SignedInContext.');
  return signedIn;
}

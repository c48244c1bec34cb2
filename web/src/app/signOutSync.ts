import { openBroadcastChannel } from './openBroadcastChannel.ts';
import type { UserId } from '@backchannel/client';

/** Tabs of every build listen on this channel, so its name must not change. */
const CHANNEL = 'backchannel signed out';

const open = (): BroadcastChannel | null => openBroadcastChannel(CHANNEL);

/** Tells the other tabs of this user to sign out. */
export function broadcastSignOut(userId: UserId): void {
  const channel = open();
  channel?.postMessage(userId);
  channel?.close();
}

/** Closes the notifications on screen, so that the next user of the device does not see them. */
export async function closeNotifications(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  for (const shown of (await registration?.getNotifications()) ?? []) shown.close();
}

/** Calls `run` when another tab signs this user out. Returns a function that stops listening. */
export function onSignedOut(userId: UserId, run: () => void): () => void {
  const channel = open();
  channel?.addEventListener('message', ({ data }) => data === userId && run());
  return () => channel?.close();
}

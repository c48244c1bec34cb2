import { openBroadcastChannel } from './openBroadcastChannel.ts';
import type { UserId } from '@backchannel/client';

/** Tabs of every build listen, so this word must stay as it is. */
const CHANNEL = 'backchannel signed out';

const open = (): BroadcastChannel | null => openBroadcastChannel(CHANNEL);

/** The other tabs of this person have nothing more to show, nor to send. */
export function broadcastSignOut(userId: UserId): void {
  const channel = open();
  channel?.postMessage(userId);
  channel?.close();
}

/** What they say stands on the screen of whoever comes next. */
export async function closeNotifications(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration();
  for (const shown of (await registration?.getNotifications()) ?? []) shown.close();
}

export function onSignedOut(userId: UserId, run: () => void): () => void {
  const channel = open();
  channel?.addEventListener('message', ({ data }) => data === userId && run());
  return () => channel?.close();
}

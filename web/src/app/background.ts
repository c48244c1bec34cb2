import type { Chat, Snapshot } from '@backchannel/client';
import type { SharedTabs } from '@backchannel/client/tabs';
import { createChoices } from '../features/notifications/createChoices.ts';
import { type Notice, noticesBetween } from '../features/notifications/notices.ts';
import { deviceName, keepSubscribed } from '../features/notifications/pushSubscription.ts';
import { notifies, onNotifyChange } from '../features/notifications/setting.ts';
import { notificationSettings } from './notificationSettings.ts';

/** Longer than a message takes on a working connection, shorter than a user takes to close the tab. */
const STUCK_MS = 2_000;
/** The tag of the one-off Background Sync (Chromium only). */
const SYNC_TAG = 'outbox';

interface WithSync extends ServiceWorkerRegistration {
  readonly sync?: { register(tag: string): Promise<void> };
}

/**
 * Starts what works in the background: the service worker, which sends what a closed tab left, and notifications, which
 * one tab shows for all. Part of the lazy bundle. Returns a function that stops it.
 */
export function startBackground(chat: Chat, tabs: SharedTabs, open: (path: string) => void): () => void {
  const worker = startWorker();
  const stop = new AbortController();
  navigator.serviceWorker?.addEventListener(
    'message',
    ({ data }: MessageEvent<{ type?: string; path?: string }>) => {
      if (data.type === 'open' && data.path) open(data.path);
    },
    { signal: stop.signal },
  );

  let before = chat.getSnapshot();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isPushKept = false;
  const choices = createChoices(() => notificationSettings(chat).getMyNotifications(), Date.now);
  const shown = new Set<string>();
  const unsubscribe = chat.subscribe(() => {
    const now = chat.getSnapshot();
    if (now === before) return;
    const notices = noticesOf(before, now);
    if (now.outbox.waiting === 0) clearTimeout(timer);
    else if (before.outbox.waiting === 0) timer = setTimeout(() => void requestSync(worker), STUCK_MS);
    before = now;
    if (!isPushKept && now.roomsLoaded && tabs.leads) {
      isPushKept = true;
      void keepPush(chat, worker);
    }
    if (!tabs.leads || !notifies()) return;
    const fresh = notices.filter(({ room, message }) => !tabs.isLookedAt(room) && !(message && shown.has(message)));
    // A message of a room whose level is `all` may be reported as a mention as well.
    for (const { message } of fresh) if (message) shown.add(message);
    if (fresh.length > 0) void showUnlessUndisturbed(fresh);
  });
  async function showUnlessUndisturbed(fresh: readonly Notice[]): Promise<void> {
    if (await choices.isUndisturbed()) return;
    for (const notice of fresh) void show(notice, worker, open);
  }
  const unsubscribeFromSetting = onNotifyChange(() => {
    if (tabs.leads) void keepPush(chat, worker);
  });
  // Messages left from an earlier visit.
  if (before.outbox.waiting > 0) void requestSync(worker);
  return () => {
    clearTimeout(timer);
    unsubscribe();
    unsubscribeFromSetting();
    stop.abort();
  };
}

/** A failure here must not keep the other subscribers of the chat from being called. */
function noticesOf(...snapshots: readonly [Snapshot, Snapshot]): readonly Notice[] {
  try {
    return noticesBetween(...snapshots, Date.now());
  } catch (error) {
    reportError(error);
    return [];
  }
}

/** Null if unavailable: an old browser, plain http, or a profile that forbids service workers. */
async function startWorker(): Promise<WithSync | null> {
  if (import.meta.env.DEV || !('serviceWorker' in navigator)) return null;
  try {
    return await navigator.serviceWorker.register('/sw.js');
  } catch {
    return null;
  }
}

/** Where it fails, the next start tries again: notifications of the open page work without. */
async function keepPush(chat: Chat, worker: Promise<WithSync | null>): Promise<void> {
  try {
    const manager = (await worker) && (await navigator.serviceWorker.ready).pushManager;
    const device = deviceName(localStorage, notifies());
    if (!manager || !device) return;
    await keepSubscribed(notificationSettings(chat), manager, device, `${location.origin}/`, notifies());
  } catch {
    // No push service in this browser, none that the server writes to, or offline.
  }
}

async function requestSync(worker: Promise<WithSync | null>): Promise<void> {
  try {
    if ((await worker)?.sync)
      await (await (navigator.serviceWorker.ready as Promise<WithSync>)).sync?.register(SYNC_TAG);
  } catch {
    // Refused: the messages are sent on the next visit.
  }
}

/** Shows one notification per room; a newer one replaces the older one. */
async function show(
  { room, path, title, text, message }: Notice,
  worker: Promise<WithSync | null>,
  open: (path: string) => void,
): Promise<void> {
  const options = {
    body: text,
    tag: `room ${room}`,
    // Missing in the DOM types: alerts again although the tag is the same.
    renotify: true,
    icon: '/static/web/icon.svg',
    data: { path, message },
  };
  const registration = await worker;
  if (registration?.active) return registration.showNotification(title, options);
  const shown = new Notification(title, options);
  shown.onclick = () => {
    window.focus();
    open(path);
    shown.close();
  };
}

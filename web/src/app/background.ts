import type { Chat } from '@backchannel/client';
import type { SharedTabs } from '@backchannel/client/tabs';
import { type Notice, noticesBetween } from '../features/notifications/notices.ts';
import { notifies } from '../features/notifications/setting.ts';

/** Shorter than anybody takes to close a tab on purpose; longer than a message takes that meets no trouble. */
const STUCK_MS = 2_000;
/** The service worker's word for one-off Background Sync; Chromium has it. */
const SYNC = 'outbox';

interface WithSync extends ServiceWorkerRegistration {
  readonly sync?: { register(tag: string): Promise<void> };
}

/**
 * What goes on while nobody looks: the service worker, which sends what a closed tab has left, and notifications, which
 * one tab shows for all. Loaded after the first paint. Returns the way to stop.
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
  const unsubscribe = chat.subscribe(() => {
    const now = chat.getSnapshot();
    if (now === before) return;
    const notices = noticesOf(before, now);
    if (now.outbox.waiting === 0) clearTimeout(timer);
    else if (before.outbox.waiting === 0) timer = setTimeout(() => void askForSync(worker), STUCK_MS);
    before = now;
    if (!tabs.leads || !notifies()) return;
    for (const notice of notices) if (!tabs.isLookedAt(notice.room)) void show(notice, worker, open);
  });
  // Left from an earlier visit.
  if (before.outbox.waiting > 0) void askForSync(worker);
  return () => {
    clearTimeout(timer);
    unsubscribe();
    stop.abort();
  };
}

/** A notification that cannot be worded must not keep the page from hearing of what it is about. */
function noticesOf(...pictures: Parameters<typeof noticesBetween>): readonly Notice[] {
  try {
    return noticesBetween(...pictures);
  } catch (error) {
    reportError(error);
    return [];
  }
}

/** Null where there can be none: an old browser, plain http, a refusing profile. */
async function startWorker(): Promise<WithSync | null> {
  if (import.meta.env.DEV || !('serviceWorker' in navigator)) return null;
  try {
    return await navigator.serviceWorker.register('/sw.js');
  } catch {
    return null;
  }
}

async function askForSync(worker: Promise<WithSync | null>): Promise<void> {
  try {
    if ((await worker)?.sync) await (await (navigator.serviceWorker.ready as Promise<WithSync>)).sync?.register(SYNC);
  } catch {
    // Refused: the next visit sends.
  }
}

/** One a room: a newer one takes the older one's place. */
async function show(
  { room, title, text }: Notice,
  worker: Promise<WithSync | null>,
  open: (path: string) => void,
): Promise<void> {
  const options = {
    body: text,
    tag: `room ${room}`,
    // Not in the DOM's types: tells again though the tag is the same.
    renotify: true,
    icon: '/static/web/icon.svg',
    data: { room },
  };
  const registration = await worker;
  if (registration?.active) return registration.showNotification(title, options);
  const shown = new Notification(title, options);
  shown.onclick = () => {
    window.focus();
    open(`/rooms/${room}`);
    shown.close();
  };
}

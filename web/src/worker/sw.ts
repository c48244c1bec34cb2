/**
 * The service worker, at /sw.js: sends what closed tabs left, shows push messages, and opens what a notification is about.
 *
 * It handles no requests of pages, so an old build is never shown from a cache (docs/decisions/121). It is bundled
 * alone, without a hash in its name (serviceWorker.ts), and requested again at every visit.
 */
import { deliverOutbox } from '@backchannel/client/worker';
import { type PushData, shownPush } from './pushMessages.ts';

// What the DOM types lack for a service worker.
interface ExtendableEvent extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface WindowClient {
  readonly url: string;
  focus(): Promise<unknown>;
  postMessage(message: object): void;
}
interface Scope {
  skipWaiting(): Promise<void>;
  readonly registration: ServiceWorkerRegistration;
  readonly navigator: { setAppBadge?(count: number): Promise<void> };
  readonly clients: {
    matchAll(which: { type: 'window'; includeUncontrolled: true }): Promise<readonly WindowClient[]>;
    openWindow(url: string): Promise<unknown>;
  };
}
const scope = globalThis as unknown as Scope;

const on = (type: string, run: (event: ExtendableEvent) => Promise<unknown>): void =>
  addEventListener(type, (event) => (event as ExtendableEvent).waitUntil(run(event as ExtendableEvent)));

// It serves no pages, so a new version can take over at once.
on('install', () => scope.skipWaiting());

on('sync', async () => {
  // Background Sync retries, with growing delays, while this fails.
  if ((await deliverOutbox()) === 'later') throw new Error('Not everything is delivered yet.');
});

on('push', async (event) => {
  const { data } = event as ExtendableEvent & { readonly data: { text(): string } | null };
  const before = await scope.registration.getNotifications();
  const shown = new Set(before.map((each) => (each.data as Partial<PushData> | null)?.message));
  const { title, options, badge } = shownPush(data?.text(), (message) => shown.has(message));
  await scope.registration.showNotification(title, options);
  if (badge !== null) await scope.navigator.setAppBadge?.(badge);
});

on('notificationclick', async (event) => {
  const { notification } = event as ExtendableEvent & { readonly notification: Notification };
  notification.close();
  const path = (notification.data as PushData | null)?.path ?? '/';
  const windows = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const [first] = windows;
  if (!first) return scope.clients.openWindow(path);
  await first.focus();
  return first.postMessage({ type: 'open', path });
});

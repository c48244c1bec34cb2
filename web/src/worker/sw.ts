/**
 * The service worker, at /sw.js: sends what closed tabs left, and brings a person from a notification
 * to its room.
 *
 * It answers no request of a page, so no build is ever shown from a cache (docs/decisions/121). It is
 * bundled alone, without a hash in its name (serviceWorker.ts), and asked for anew at every visit.
 */
import { deliverOutbox } from '@backchannel/client/worker';

/** What the types of the DOM do not know of a worker. */
interface Lasting extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Visible {
  readonly url: string;
  focus(): Promise<unknown>;
  postMessage(word: object): void;
}
interface Scope {
  skipWaiting(): Promise<void>;
  readonly clients: {
    matchAll(which: { type: 'window'; includeUncontrolled: true }): Promise<readonly Visible[]>;
    openWindow(url: string): Promise<unknown>;
  };
}
const scope = globalThis as unknown as Scope;

const on = (type: string, run: (event: Lasting) => Promise<unknown>): void =>
  addEventListener(type, (event) => (event as Lasting).waitUntil(run(event as Lasting)));

// It serves no pages: a newer one may take over at once.
on('install', () => scope.skipWaiting());

on('sync', async () => {
  // Background Sync calls again, later and later, for as long as this fails.
  if ((await deliverOutbox()) === 'later') throw new Error('Not everything is delivered yet.');
});

on('notificationclick', async (event) => {
  const { notification } = event as Lasting & { readonly notification: Notification };
  notification.close();
  const path = `/rooms/${(notification.data as { room: number }).room}`;
  const windows = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const [first] = windows;
  if (!first) return scope.clients.openWindow(path);
  await first.focus();
  return first.postMessage({ type: 'open', path });
});

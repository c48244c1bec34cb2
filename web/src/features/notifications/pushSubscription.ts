/**
 * Keeps this browser subscribed to push messages while its user wants notifications.
 *
 * To be called at every start: browsers lose subscriptions, and a server that was set up again has another key.
 */
import type { BrowserSubscription, NotificationSettingsChat } from '@backchannel/client/features/notificationSettings';

const KEY = 'backchannel.device';

type Server = Pick<NotificationSettingsChat, 'getPushKey' | 'subscribePush' | 'unsubscribePush'>;

interface Subscription extends BrowserSubscription {
  readonly options: { readonly applicationServerKey: ArrayBuffer | null };
  unsubscribe(): Promise<boolean>;
}

/** The browser's `PushManager`. */
export interface Manager {
  getSubscription(): Promise<Subscription | null>;
  subscribe(options: { userVisibleOnly: true; applicationServerKey: string }): Promise<Subscription>;
}

/** `page`: the address below which the app has its rooms. @throws ChatError, and what the browser throws where it has no push service */
export async function keepSubscribed(
  server: Server,
  manager: Manager,
  device: string,
  page: string,
  isWanted: boolean,
): Promise<void> {
  const before = await manager.getSubscription();
  const key = isWanted ? await server.getPushKey() : null;
  if (key === null) {
    if (!before) return;
    await before.unsubscribe();
    return server.unsubscribePush(device);
  }
  const isOurs = before && base64url(before.options.applicationServerKey) === key;
  // A browser refuses to subscribe by another key beside the old one.
  if (before && !isOurs) await before.unsubscribe();
  const subscription = isOurs ? before : await manager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  await server.subscribePush(device, subscription, page);
}

function base64url(bytes: ArrayBuffer | null): string {
  const text = String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0)));
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/**
 * What this browser calls itself, always the same; made when it is first wanted, since a browser without notifications stores nothing.
 * Null without storage: then it gets no push messages that it could not end again.
 */
export function deviceName(storage: Pick<Storage, 'getItem' | 'setItem'>, isWanted: boolean): string | null {
  try {
    const kept = storage.getItem(KEY);
    if (kept || !isWanted) return kept;
    const made = crypto.randomUUID();
    storage.setItem(KEY, made);
    return storage.getItem(KEY);
  } catch {
    return null;
  }
}

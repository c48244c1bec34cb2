/**
 * What a push message shows. The server sends Declarative Web Push (`protocol/SPEC.md`, 5.10): Safari shows it without this code, other
 * browsers by it.
 *
 * Browsers demand that each push message shows something. One that comes again, as after a crash of the server, replaces its notification
 * without a sound.
 */
/** Of every notification, also those of an open page. */
export interface PushData {
  readonly path: string;
  /** Null for an invitation. */
  readonly message: string | null;
}

/** As for `showNotification`; `badge` for the app's icon, null where it is not known. */
export interface ShownPush {
  readonly title: string;
  readonly options: NotificationOptions & { readonly renotify?: boolean; readonly data?: PushData };
  readonly badge: number | null;
}

const NOTHING_KNOWN: ShownPush = { title: 'New message', options: { tag: 'chat' }, badge: null };

/** `isShown`: whether the message of this id was shown before. Never throws: whatever comes, something has to be shown. */
export function shownPush(text: string | undefined, isShown: (message: string) => boolean): ShownPush {
  try {
    const { notification, app_badge } = JSON.parse(text ?? '') as {
      readonly app_badge?: number;
      readonly notification: Record<'title' | 'body' | 'tag' | 'navigate', string> & {
        readonly data: { readonly message_id: string };
      };
    };
    const { title, body, tag, navigate, data } = notification;
    const message = data.message_id;
    const options = {
      body,
      tag,
      dir: 'auto' as const,
      renotify: !isShown(message),
      data: { path: pathOf(navigate), message },
    };
    return { title: title || NOTHING_KNOWN.title, options, badge: typeof app_badge === 'number' ? app_badge : null };
  } catch {
    return NOTHING_KNOWN;
  }
}

/** Only the path: a notification opens nothing but this app. */
function pathOf(address: string): string {
  const { pathname } = new URL(address);
  const room = pathname.match(/\/rooms\/\d+(?:\/\d+)?$/);
  return room ? room[0] : '/';
}

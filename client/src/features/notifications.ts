/**
 * The newest mentions, replies and invitations since the page was loaded.
 */
import type { Core } from '../core.ts';
import type { Notification } from '../protocol.ts';
import { keepIdentity } from '../snapshot.ts';
import type { CoreSnapshot, NotificationsChat, NotificationsSnapshot } from '../types.ts';

const MAX_NOTIFICATIONS = 50;

/** Adds `notifications` to the snapshot. */
export function withNotifications({ chat, onFrame, replica }: Core): NotificationsChat {
  const { getSnapshot } = chat;
  const keep = keepIdentity<CoreSnapshot & NotificationsSnapshot>();
  let notifications: readonly Notification[] = [];

  onFrame.push((frame) => {
    if (frame.type === 'hello' && replica.isOther(frame.user)) notifications = [];
    if (frame.type !== 'notification') return;
    // Both transports may deliver it while one takes over from the other.
    const isKnown = notifications.some((n) => n.user_version === frame.user_version && n.kind === frame.kind);
    if (!isKnown) notifications = [...notifications, frame].slice(-MAX_NOTIFICATIONS);
  });

  return { getSnapshot: () => keep({ ...getSnapshot(), notifications }) };
}

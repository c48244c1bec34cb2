/**
 * What the user wants to be notified of, and whether this browser gets push messages.
 *
 * The level of a room is in its row (`level`, `muted_until`): the server sends the row to all devices when it changes. What holds for all
 * rooms is read when it is asked for.
 */
import type { Core } from '../core.ts';
import type { CommandFields, MyNotifications, PushTestResult, RoomId, RoomNotifications } from '../protocol.ts';
import { checkOnline } from './commands.ts';

export interface RoomChoice {
  /** Left out: nothing is chosen. Then it is `all` in a direct room and `mentions` elsewhere. */
  readonly level?: 'all' | 'mentions' | 'none';
  /** Until then of nothing. Left out: not muted. */
  readonly muteUntil?: Date;
}

/** What changes; the rest stays as it is. */
export type MyChoice = Partial<MyNotifications>;

/** The part of a browser's `PushSubscription` that the server needs. */
export interface BrowserSubscription {
  readonly endpoint: string;
  toJSON(): { readonly keys?: Record<string, string> };
}

export interface NotificationSettingsChat {
  /** Replaces what was chosen for the room. @throws ChatError `offline` while no transport works. */
  setRoomNotifications(roomId: RoomId, choice: RoomChoice): Promise<RoomNotifications>;
  /** @throws ChatError */
  getMyNotifications(): Promise<MyNotifications>;
  /** Without quiet hours and do-not-disturb where they are null. @throws ChatError `invalid`, `offline` */
  setMyNotifications(choice: MyChoice): Promise<MyNotifications>;
  /** The key to subscribe with; null where the server sends no push messages. @throws ChatError */
  getPushKey(): Promise<string | null>;
  /**
   * Sends the user's notifications to this browser. To be repeated at every start: browsers lose subscriptions, and services end them.
   * @param device - what this browser calls itself, always the same; 8 to 64 letters and digits
   * @param page - the address below which the app has its rooms, with a slash at its end
   * @throws ChatError `invalid`: of a push service that the server does not write to
   */
  subscribePush(device: string, subscription: BrowserSubscription, page: string): Promise<void>;
  unsubscribePush(device: string): Promise<void>;
  /** Sends a test message to a device of the user, and resolves to what the push service made of it. @throws ChatError `rate_limited` */
  testPush(device: string): Promise<PushTestResult['outcome']>;
}

/** Adds the choices about notifications. */
export function withNotificationSettings(core: Core): NotificationSettingsChat {
  const { flush, routes, run } = core;

  routes.set_notifications = 'PUT /api/rooms/{room_id}/notifications';
  routes.get_my_notifications = 'GET /api/me/notifications';
  routes.set_my_notifications = 'PUT /api/me/notifications';
  routes.get_push_key = 'GET /api/push/key';
  routes.subscribe_push = 'PUT /api/push/{device}';
  routes.test_push = 'POST /api/push/{device}/test';
  routes.unsubscribe_push = 'DELETE /api/push/{device}';

  return {
    async setRoomNotifications(roomId, { level, muteUntil }) {
      checkOnline(core);
      const fields = {
        room_id: roomId,
        ...(level && { level }),
        ...(muteUntil && { mute_until: muteUntil.toISOString() }),
      };
      const { method, result } = await run('set_notifications', fields);
      flush(method);
      return result.notifications;
    },
    getMyNotifications: async () => (await run('get_my_notifications', {})).result.notifications,
    async setMyNotifications(choice) {
      checkOnline(core);
      return (await run('set_my_notifications', asFields(choice))).result.notifications;
    },
    getPushKey: async () => (await run('get_push_key', {})).result.key,
    async subscribePush(device, subscription, page) {
      const { p256dh = '', auth = '' } = subscription.toJSON().keys ?? {};
      await run('subscribe_push', { device, endpoint: subscription.endpoint, keys: { p256dh, auth }, page });
    },
    testPush: async (device) => (await run('test_push', { device })).result.outcome,
    async unsubscribePush(device) {
      await run('unsubscribe_push', { device });
    },
  };
}

const NEVER = { zone: 'UTC', days: [], start: '00:00', end: '00:00' };

/** On the wire null means that something stays as it is; quiet hours end without days, and do-not-disturb with a time that is over. */
function asFields({ quiet_hours, dnd_until, ...rest }: MyChoice): CommandFields<'set_my_notifications'> {
  return {
    ...rest,
    ...(quiet_hours !== undefined && { quiet_hours: quiet_hours ?? NEVER }),
    ...(dnd_until !== undefined && { dnd_until: dnd_until ?? '1970-01-01T00:00:00Z' }),
  };
}

/**
 * What the users of the server in memory want to be notified of. It notifies nobody.
 */
import type { MyNotifications, Room, RoomId, RoomNotifications, UserId } from '../protocol.gen.ts';
import { Refusal } from './answers.ts';

type Fields = Readonly<Record<string, unknown>>;

const DEFAULTS: MyNotifications = {
  keywords: [],
  quiet_hours: null,
  dnd_until: null,
  push_content: 'full',
};

export class MemoryNotifications {
  /** Of the server; null: it sends no push messages. */
  pushKey: string | null = 'BKey';
  /** User and device → endpoint. */
  readonly subscriptions = new Map<string, string>();
  readonly #rooms = new Map<string, RoomNotifications>();
  readonly #mine = new Map<UserId, MyNotifications>();

  /** What a room shows of it. */
  ofRoom(userId: UserId, roomId: RoomId): Partial<Room> {
    const { level, muted_until } = this.#rooms.get(`${userId} ${roomId}`) ?? { level: null, muted_until: null };
    return { ...(level && { level }), ...(muted_until && { muted_until }) };
  }

  setRoom(userId: UserId, roomId: RoomId, f: Fields): { notifications: RoomNotifications } {
    const { level = null, mute_until: muted_until = null } = f as {
      level?: RoomNotifications['level'];
      mute_until?: string;
    };
    const notifications = { room_id: roomId, level, muted_until };
    this.#rooms.set(`${userId} ${roomId}`, notifications);
    return { notifications };
  }

  /** Runs a command that is about no room. @throws Refusal */
  run(userId: UserId, type: string, f: Fields, now: string): unknown {
    const before = this.#mine.get(userId) ?? DEFAULTS;
    switch (type) {
      case 'set_my_notifications': {
        const { id: _id, type: _type, ...given } = f as Partial<MyNotifications> & { id?: string; type?: string };
        const { quiet_hours, dnd_until, ...rest } = { ...before, ...given };
        const after = {
          ...rest,
          quiet_hours: quiet_hours?.days.length ? quiet_hours : null,
          dnd_until: dnd_until && dnd_until > now ? dnd_until : null,
        };
        this.#mine.set(userId, after);
        return { notifications: after };
      }
      case 'get_push_key':
        return { key: this.pushKey };
      case 'subscribe_push':
        if (this.pushKey === null) throw new Refusal('forbidden');
        this.subscriptions.set(`${userId} ${f.device as string}`, f.endpoint as string);
        return { push: { device: f.device } };
      case 'test_push':
        return { outcome: this.subscriptions.has(`${userId} ${f.device as string}`) ? 'sent' : 'gone' };
      case 'unsubscribe_push':
        this.subscriptions.delete(`${userId} ${f.device as string}`);
        return {};
      default:
        return { notifications: before };
    }
  }
}

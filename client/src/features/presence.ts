/**
 * Who is online and who is typing. Frames about it have no number and may be lost, so each state also ends by itself.
 */
import type { Core } from '../core.ts';
import type { CommandFields, RoomId, UserId } from '../protocol.ts';
import { keepIdentity } from '../snapshot.ts';
import type { CoreChat, CoreSnapshot, Present, PresenceChat, PresenceSnapshot } from '../types.ts';

/** After this long typing ends: the frame that ends it may be lost. */
const TYPING_MS = 6_000;
/** Typing is sent at most this often (protocol). */
const TYPING_EVERY_MS = 3_000;

/** Adds `presence` and `typing` to the snapshot, `setTyping` and `setPresence` to the chat. */
export function withPresence(core: Core): PresenceChat & Pick<CoreChat, 'sendChatMessage'> {
  const { env, onFrame, onRecovered, replica, routes, run, touch } = core;
  const { getSnapshot, sendChatMessage } = core.chat;
  const { clock } = env;
  const keep = keepIdentity<CoreSnapshot & PresenceSnapshot>();
  const present = new Map<UserId, Present>();
  /** Present, but not yet named since the last `hello`. */
  let unnamed = new Set<UserId>();
  let typing: PresenceSnapshot['typing'] = {};
  /** The timers that end each entry of `typing`, by room and user. */
  const timers = new Map<string, unknown>();
  /** When this person's typing was last sent, by room; 0 once its end was sent. */
  const sentAt = new Map<RoomId, number>();
  let mine: Present = 'online';

  routes.typing = 'POST /api/rooms/{room_id}/typing';
  routes.set_presence = 'PUT /api/presence';

  onFrame.push((frame) => {
    switch (frame.type) {
      case 'hello':
        if (replica.isOther(frame.user)) clear();
        // From here to `caught_up` the server names everybody who is present; the others left meanwhile.
        unnamed = new Set(present.keys());
        return;
      case 'caught_up':
        return unnamed.forEach((userId) => setPresent(userId, 'offline'));
      case 'presence':
        return setPresent(frame.user_id, frame.state);
      case 'message_created':
        return showTyping(frame.room_id, frame.message.sender.id, false);
      case 'typing':
        if (frame.user_id !== replica.user?.id) showTyping(frame.room_id, frame.user_id, frame.active);
        return;
      default:
    }
  });

  // A new connection counts as online.
  onRecovered.push(() => mine === 'away' && sendPresence());

  function setPresent(userId: UserId, state: Present | 'offline'): void {
    unnamed.delete(userId);
    present.delete(userId);
    if (state !== 'offline') present.set(userId, state);
  }

  function showTyping(roomId: RoomId, userId: UserId, active: boolean): void {
    const key = `${roomId} ${userId}`;
    const wasActive = timers.has(key);
    clock.clearTimeout(timers.get(key));
    timers.delete(key);
    if (active) {
      const end = (): void => {
        showTyping(roomId, userId, false);
        touch();
      };
      timers.set(key, clock.setTimeout(end, TYPING_MS));
    }
    if (active === wasActive) return;
    const { [roomId]: users = [], ...rooms } = typing;
    const now = active ? [...users, userId] : users.filter((id) => id !== userId);
    typing = now[0] ? { ...rooms, [roomId]: now } : rooms;
  }

  function clear(): void {
    timers.forEach((timer) => clock.clearTimeout(timer));
    timers.clear();
    present.clear();
    typing = {};
  }

  /** No caller waits for these; the next one makes up for one that is lost. */
  function send<C extends 'typing' | 'set_presence'>(type: C, fields: CommandFields<C>): void {
    run(type, fields, 1).catch(() => {});
  }

  const sendPresence = (): void => send('set_presence', { state: mine, instance: env.client.instance });

  return {
    getSnapshot: () => keep({ ...getSnapshot(), presence: Object.fromEntries(present), typing }),
    sendChatMessage(roomId, ...rest) {
      sentAt.delete(roomId);
      return sendChatMessage(roomId, ...rest);
    },
    setTyping(roomId, active) {
      const last = sentAt.get(roomId) ?? 0;
      const now = active ? clock.now() : 0;
      if (active ? now - last < TYPING_EVERY_MS : !last) return;
      sentAt.set(roomId, now);
      send('typing', { room_id: roomId, active });
    },
    setPresence(state) {
      if (state === mine) return;
      mine = state;
      sendPresence();
    },
  };
}

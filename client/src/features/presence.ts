/**
 * What passes without a number: who is here, who is typing. May be lost, so it must fade by itself.
 */
import type { Core } from '../core.ts';
import type { CommandFields, RoomId, Routes, UserId } from '../protocol.ts';
import { keeper } from '../snapshot.ts';
import type { CoreChat, CoreSnapshot, Present, PresenceChat, PresenceSnapshot } from '../types.ts';

/** A "stopped typing" that got lost must not leave somebody typing for ever. */
export const TYPING_MS = 6_000;
/** Typing is passed on at most so often (protocol). */
const TYPING_EVERY_MS = 3_000;

/** Adds `presence` and `typing` to the snapshot, `setTyping` and `setPresence` to the chat. */
export function withPresence(core: Core): PresenceChat & Pick<CoreChat, 'sendChatMessage'> {
  const { env, onFrame, onRecovered, replica, routes, run, touch } = core;
  const { getSnapshot, sendChatMessage } = core.chat;
  const { clock } = env;
  const presence = new Presence();
  const keep = keeper<CoreSnapshot & PresenceSnapshot>();
  const told = new Map<RoomId, number>();
  let mine: Present = 'online';
  let expiry: unknown = null;

  Object.assign(routes, {
    typing: 'POST /api/rooms/{room_id}/typing',
    set_presence: 'PUT /api/presence',
  } satisfies Routes);

  onFrame.push((frame) => {
    switch (frame.type) {
      case 'hello':
        if (replica.user && replica.user.id !== frame.user.id) presence.clear();
        return presence.renew();
      case 'caught_up':
        return presence.renewed();
      case 'presence':
        return presence.setPresent(frame.user_id, frame.state);
      case 'message_created':
        return presence.setTyping(frame.room_id, frame.message.sender.id, false, clock.now());
      case 'typing':
        if (frame.user_id === replica.user?.id) return;
        presence.setTyping(frame.room_id, frame.user_id, frame.active, clock.now());
        return expire();
      default:
    }
  });

  // A new connection counts as present until told otherwise.
  onRecovered.push(() => mine === 'away' && tellPresence());

  function expire(): void {
    if (expiry !== null) return;
    const next = presence.expire(clock.now());
    if (next === null) return;
    expiry = clock.setTimeout(() => {
      expiry = null;
      touch();
      expire();
    }, next - clock.now());
  }

  /** Nobody waits for these, and a lost one is made good by the next. */
  function tell<C extends 'typing' | 'set_presence'>(type: C, fields: CommandFields<C>): void {
    run(type, fields, 1).catch(() => {});
  }

  const tellPresence = (): void => tell('set_presence', { state: mine, instance: env.client.instance });

  return {
    getSnapshot: () => keep({ ...getSnapshot(), presence: presence.present, typing: presence.typing }),
    sendChatMessage(roomId, ...rest) {
      told.delete(roomId);
      return sendChatMessage(roomId, ...rest);
    },
    setTyping(roomId, active) {
      const now = clock.now();
      const last = told.get(roomId);
      if (active ? last !== undefined && now - last < TYPING_EVERY_MS : last === undefined) return;
      if (active) told.set(roomId, now);
      else told.delete(roomId);
      tell('typing', { room_id: roomId, active });
    },
    setPresence(state) {
      if (state === mine) return;
      mine = state;
      tellPresence();
    },
  };
}

export class Presence {
  readonly #present = new Map<UserId, Present>();
  readonly #typing = new Map<RoomId, Map<UserId, number>>();
  #unnamed = new Set<UserId>();
  #presence: Readonly<Record<UserId, Present>> | null = null;
  #typists: Readonly<Record<RoomId, readonly UserId[]>> | null = null;

  get present(): Readonly<Record<UserId, Present>> {
    this.#presence ??= Object.fromEntries(this.#present);
    return this.#presence;
  }

  get typing(): Readonly<Record<RoomId, readonly UserId[]>> {
    this.#typists ??= Object.fromEntries([...this.#typing].map(([id, users]) => [id, [...users.keys()]]));
    return this.#typists;
  }

  /** After a hello everybody who is here is named anew, until `renewed`: then the rest are gone. */
  renew(): void {
    this.#unnamed = new Set(this.#present.keys());
  }

  renewed(): void {
    for (const userId of this.#unnamed) this.setPresent(userId, 'offline');
    this.#unnamed.clear();
  }

  setPresent(userId: UserId, state: Present | 'offline'): void {
    this.#unnamed.delete(userId);
    if (this.#present.get(userId) === state) return;
    if (state === 'offline') this.#present.delete(userId);
    else this.#present.set(userId, state);
    this.#presence = null;
  }

  setTyping(roomId: RoomId, userId: UserId, active: boolean, now: number): void {
    const users = this.#typing.get(roomId);
    if (active) {
      // Typing on is not news: only the first time changes what is shown.
      if (!users?.has(userId)) this.#typists = null;
      this.#typing.set(roomId, (users ?? new Map<UserId, number>()).set(userId, now + TYPING_MS));
    } else if (users?.delete(userId)) {
      if (users.size === 0) this.#typing.delete(roomId);
      this.#typists = null;
    }
  }

  /** Drops who typed too long ago; returns when the next is due, or null. */
  expire(now: number): number | null {
    let next: number | null = null;
    for (const [roomId, users] of this.#typing) {
      for (const [userId, until] of users) {
        if (until <= now) this.setTyping(roomId, userId, false, now);
        else next = Math.min(next ?? until, until);
      }
    }
    return next;
  }

  clear(): void {
    this.#present.clear();
    this.#typing.clear();
    this.#presence = this.#typists = null;
  }
}

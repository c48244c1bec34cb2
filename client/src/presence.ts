/**
 * What passes without a number: who is here, who is typing. May be lost, so it must fade by itself.
 */
import type { RoomId, UserId } from './protocol.ts';
import type { Present } from './types.ts';

/** A "stopped typing" that got lost must not leave somebody typing for ever. */
export const TYPING_MS = 6_000;

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

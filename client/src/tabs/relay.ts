/**
 * One socket for several tabs: whose command an answer belongs to, and what every tab must hear.
 *
 * Lives as long as the leader's socket. Pure: it takes texts and returns what goes where; the shell
 * (tabs.ts) carries them. `null` stands for the leader's own client. It trusts the frames no more than
 * the client does: what it does not understand goes to its own client, which judges it.
 */
import { isFrame, type ServerFrame, type ServerHello, type UserId } from '../protocol.ts';
import type { Present } from '../types.ts';
import type { TabId } from './words.ts';

type Asker = TabId | null;

interface Waiter {
  readonly tab: Asker;
  /** Its own name for the command; null where it gave none. */
  readonly id: string | null;
  readonly bytes: number;
}

/** What a frame of some tab comes to. */
export type Said =
  /** Put this on the wire. */
  | { readonly wire: string }
  /** Speaks for the leader's tab, not for the device: counted by the shell, and answered with this. */
  | { readonly presence: Present; readonly answer: string };

export interface Heard {
  /** For the leader's own client; null: nothing of it. */
  readonly own: string | null;
  /** For every other tab. */
  readonly all: string | null;
  readonly answers: readonly (readonly [TabId, string])[];
}

export class Relay {
  hello: ServerHello | null = null;
  /** Hello, catch-up and a ping that came back: others may join. */
  proven = false;
  readonly #present = new Map<UserId, ServerFrame>();
  readonly #waiters = new Map<string, Waiter[]>();
  readonly #pings: Asker[] = [];
  #caughtUp = false;
  #lastId = 0;

  /** Everybody who is here, as the server told it. */
  get presence(): readonly ServerFrame[] {
    return [...this.#present.values()];
  }

  say(tab: Asker, text: string): Said {
    const { type, id, ...fields } = JSON.parse(text) as { type: string; id?: string; state?: Present };
    if (type === 'ping') this.#pings.push(tab);
    if (id === undefined) return { wire: text };
    if (type === 'set_presence' && fields.state) {
      return { presence: fields.state, answer: JSON.stringify({ type: 'ack', id, result: {} }) };
    }
    // A message's id is the message's; all others are names that several tabs may have given alike.
    const wireId = tab === null || type === 'send_message' ? id : `f${++this.#lastId}`;
    const waiters = this.#waiters.get(wireId) ?? [];
    this.#waiters.set(wireId, [...waiters, { tab, id, bytes: text.length }]);
    return { wire: wireId === id ? text : JSON.stringify({ type, ...fields, id: wireId }) };
  }

  hear(text: string): Heard {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      return { own: text, all: null, answers: [] };
    }
    const frames: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
    const own: unknown[] = [];
    const all: unknown[] = [];
    const answers: (readonly [TabId, string])[] = [];
    for (const frame of frames) {
      const askers = isFrame(frame) ? this.#note(frame) : 'own';
      if (askers === 'own' || askers === 'all') own.push(frame);
      if (askers === 'all') all.push(frame);
      if (typeof askers === 'string') continue;
      for (const { tab, id } of askers) {
        const answer = id === null || (frame as { id?: unknown }).id === id ? frame : { ...(frame as object), id };
        if (tab === null) own.push(answer);
        else answers.push([tab, JSON.stringify(answer)]);
      }
    }
    return { own: written(own, frames, text), all: written(all, frames, text), answers };
  }

  /** Whose frame is the largest still without an answer; undefined: there is none. */
  largest(): Asker | undefined {
    return [...this.#waiters.values()].flat().sort((a, b) => b.bytes - a.bytes)[0]?.tab;
  }

  /** Who must hear it. */
  #note(frame: ServerFrame): 'own' | 'all' | readonly Waiter[] {
    switch (frame.type) {
      case 'hello':
        this.hello = frame;
        return 'own';
      case 'caught_up':
        this.#caughtUp = true;
        return 'own';
      case 'pong': {
        this.proven ||= this.#caughtUp;
        const tab = this.#pings.shift() ?? null;
        return [{ tab, id: null, bytes: 0 }];
      }
      case 'presence':
        if (frame.state === 'offline') this.#present.delete(frame.user_id);
        else this.#present.set(frame.user_id, frame);
        return 'all';
      case 'ack':
      case 'error':
        return this.#takeWaiters(frame.id) ?? 'own';
      case 'room_list':
        return this.#takeWaiters(frame.id) ?? 'all';
      default:
        return 'all';
    }
  }

  #takeWaiters(id: string | null | undefined): readonly Waiter[] | undefined {
    const waiters = this.#waiters.get(id ?? '');
    this.#waiters.delete(id ?? '');
    return waiters;
  }
}

/** The text itself where nothing was taken out, else what is left of it. */
function written(part: readonly unknown[], whole: readonly unknown[], text: string): string | null {
  if (part.length === 0) return null;
  const same = part.length === whole.length && part.every((frame, index) => frame === whole[index]);
  return same ? text : JSON.stringify(part);
}

/**
 * Routes the frames of one socket: which tab an answer belongs to, and which frames go to every tab.
 *
 * Lives as long as the leader's socket. Pure: it takes texts and returns what goes where; the shell
 * (leader.ts) sends them. `null` stands for the leader's own client. It validates frames no more than
 * the client does: what it does not understand goes to the leader's client.
 */
import { isFrame, type ServerFrame, type ServerHello, type UserId } from '../protocol.ts';
import type { Present } from '../types.ts';
import type { TabId } from './messages.ts';

/** The tab a command came from. */
type Origin = TabId | null;

interface Waiter {
  readonly tab: Origin;
  /** The tab's id for the command; null where it gave none. */
  readonly id: string | null;
  readonly bytes: number;
}

/** What to do with a frame of a tab. */
export type Outgoing =
  /** Send this to the server. */
  | { readonly wire: string }
  /** Is about one tab, not about the person: the shell combines the tabs' reports, and answers with this. */
  | { readonly presence: Present; readonly answer: string };

/** Where the frames of the server go. */
export interface Incoming {
  /** For the leader's own client; null: nothing. */
  readonly own: string | null;
  /** For every other tab. */
  readonly all: string | null;
  readonly answers: readonly (readonly [TabId, string])[];
}

export class Relay {
  hello: ServerHello | null = null;
  /** Hello, catch-up and one pong were received: others may join. */
  proven = false;
  readonly #present = new Map<UserId, ServerFrame>();
  readonly #waiters = new Map<string, Waiter[]>();
  readonly #pings: Origin[] = [];
  #caughtUp = false;
  #lastId = 0;

  /** Everyone who is present, as the server sent it. */
  get presence(): readonly ServerFrame[] {
    return [...this.#present.values()];
  }

  outgoing(tab: Origin, text: string): Outgoing {
    const { type, id, ...fields } = JSON.parse(text) as { type: string; id?: string; state?: Present };
    if (type === 'ping') this.#pings.push(tab);
    if (id === undefined) return { wire: text };
    if (type === 'set_presence' && fields.state) {
      return { presence: fields.state, answer: JSON.stringify({ type: 'ack', id, result: {} }) };
    }
    // A message keeps its id; the ids of other commands may be the same in several tabs.
    const wireId = tab === null || type === 'send_message' ? id : `f${++this.#lastId}`;
    const waiters = this.#waiters.get(wireId) ?? [];
    this.#waiters.set(wireId, [...waiters, { tab, id, bytes: text.length }]);
    return { wire: wireId === id ? text : JSON.stringify({ type, ...fields, id: wireId }) };
  }

  incoming(text: string): Incoming {
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
      const route = isFrame(frame) ? this.#route(frame) : 'own';
      if (route === 'own' || route === 'all') own.push(frame);
      if (route === 'all') all.push(frame);
      if (typeof route === 'string') continue;
      for (const { tab, id } of route) {
        const answer = id === null || (frame as { id?: unknown }).id === id ? frame : { ...(frame as object), id };
        if (tab === null) own.push(answer);
        else answers.push([tab, JSON.stringify(answer)]);
      }
    }
    return { own: textOf(own, frames, text), all: textOf(all, frames, text), answers };
  }

  /** The tab whose frame is the largest without an answer; undefined: there is none. */
  largest(): Origin | undefined {
    return [...this.#waiters.values()].flat().sort((a, b) => b.bytes - a.bytes)[0]?.tab;
  }

  /** Where a frame goes. */
  #route(frame: ServerFrame): 'own' | 'all' | readonly Waiter[] {
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

/** The whole text where the part is all of it; null for an empty part. */
function textOf(part: readonly unknown[], whole: readonly unknown[], text: string): string | null {
  if (part.length === 0) return null;
  const same = part.length === whole.length && part.every((frame, index) => frame === whole[index]);
  return same ? text : JSON.stringify(part);
}

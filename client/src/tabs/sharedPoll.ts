/**
 * Receiving over HTTP for several tabs: the leader's waiting poll serves all of them, so that they do
 * not use up the six connections a browser has for a server.
 *
 * A follower's first poll of a run does not wait, and goes to the server: it brings what was missed.
 * From its start on, what the leader hears is kept here, and answers the poll that waits. Where that
 * takes too long, or the leader's poll failed, the server is asked: evidence is never made up.
 */
import type { Clock, FetchLike } from '../types.ts';

export interface SharedPollPorts {
  readonly clock: Clock;
  readonly fetch: FetchLike;
  /** True while somebody else polls. */
  follows(): boolean;
  /** As the leader knows it; null: not known. */
  epoch(): string | null;
  /** The leader's (or a lonely tab's) own poll: the text of a good answer, or null. */
  polled(text: string | null, status: number | null): void;
}

/** More than so many texts between two polls: the server tells it shorter. */
const MAX_HEARD = 200;

type Outcome = 'frames' | 'ask' | 'aborted';

export class SharedPoll {
  readonly #ports: SharedPollPorts;
  #heard: unknown[] | null = null;
  #settle: ((outcome: Outcome) => void) | null = null;

  constructor(ports: SharedPollPorts) {
    this.#ports = ports;
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    if (!this.#ports.follows()) return this.#lead(url, init);
    const body = JSON.parse(init.body as string) as { wait: number };
    if (body.wait > 0 && this.#heard) {
      const outcome = this.#heard.length > 0 ? 'frames' : await this.#wait(body.wait * 1_000, init.signal);
      if (outcome === 'aborted') throw init.signal?.reason as Error;
      const epoch = this.#ports.epoch();
      if (outcome === 'frames' && this.#heard && epoch !== null) return this.#answer(epoch);
    }
    this.#heard = [];
    return this.#ports.fetch(url, { ...init, body: JSON.stringify({ ...body, wait: 0 }) });
  }

  /** The leader heard this; one text with one frame or several. */
  hear(text: string): void {
    if (!this.#heard) return;
    const frames = JSON.parse(text) as unknown;
    this.#heard.push(...(Array.isArray(frames) ? (frames as unknown[]) : [frames]));
    if (this.#heard.length > MAX_HEARD) this.#heard = null;
    if (this.#heard?.length !== 0) this.#settle?.('frames');
  }

  /** Ask the server: the leader's poll failed, or there is another leader. */
  doubt(): void {
    this.#settle?.('ask');
  }

  /** Nobody polls here any more: the tab's client hears by socket. */
  rest(): void {
    this.#heard = null;
  }

  // ── private ───────────────────────────────────────────────────────────────────────────────

  async #lead(url: string, init: RequestInit): Promise<Response> {
    try {
      const response = await this.#ports.fetch(url, init);
      this.#ports.polled(response.ok ? await response.clone().text() : null, response.status);
      return response;
    } catch (error) {
      if (!init.signal?.aborted) this.#ports.polled(null, null);
      throw error;
    }
  }

  #answer(epoch: string): Response {
    const frames = this.#heard;
    this.#heard = [];
    // The frames carry the versions they changed; 0 says nothing.
    return new Response(JSON.stringify({ frames, epoch, user_version: 0 }));
  }

  #wait(wait_ms: number, signal: AbortSignal | null | undefined): Promise<Outcome> {
    const { clock } = this.#ports;
    return new Promise((resolve) => {
      const settle = (outcome: Outcome): void => {
        clock.clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#settle = null;
        resolve(outcome);
      };
      const abort = (): void => settle('aborted');
      const timer = clock.setTimeout(() => settle('ask'), wait_ms);
      signal?.addEventListener('abort', abort);
      this.#settle = settle;
    });
  }
}

/**
 * Receiving over HTTP for several tabs: the leader's waiting poll serves all of them, so that they do
 * not use up the six connections a browser has for a server.
 *
 * A follower's first poll of a run does not wait, and goes to the server: it brings what was missed.
 * From then on the leader's frames are buffered here, and answer the poll that waits. When the wait
 * ends, or the leader's poll failed, the poll goes to the server: an answer is never made up.
 */
import type { Clock, FetchLike } from '../types.ts';

export interface SharedPollPorts {
  readonly clock: Clock;
  readonly fetch: FetchLike;
  /** True while another tab polls. */
  follows(): boolean;
  /** The leader's epoch; null: unknown. */
  epoch(): string | null;
  /** This tab's own poll ended: with the text of a good answer, or null. */
  polled(text: string | null, status: number | null): void;
}

/** With more frames than this between two polls, asking the server is shorter. */
const MAX_BUFFERED = 200;

type Outcome = 'frames' | 'ask' | 'aborted';

export class SharedPoll {
  readonly #ports: SharedPollPorts;
  #buffer: unknown[] | null = null;
  #finish: ((outcome: Outcome) => void) | null = null;

  constructor(ports: SharedPollPorts) {
    this.#ports = ports;
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    if (!this.#ports.follows()) return this.#lead(url, init);
    const body = JSON.parse(init.body as string) as { wait: number };
    if (body.wait > 0 && this.#buffer) {
      const outcome = this.#buffer.length > 0 ? 'frames' : await this.#wait(body.wait * 1_000, init.signal);
      if (outcome === 'aborted') throw init.signal?.reason as Error;
      const epoch = this.#ports.epoch();
      if (outcome === 'frames' && this.#buffer && epoch !== null) return this.#answer(epoch);
    }
    this.#buffer = [];
    return this.#ports.fetch(url, { ...init, body: JSON.stringify({ ...body, wait: 0 }) });
  }

  /** Buffers what the leader received: one frame, or an array of them. */
  receive(text: string): void {
    if (!this.#buffer) return;
    const frames = JSON.parse(text) as unknown;
    this.#buffer.push(...(Array.isArray(frames) ? (frames as unknown[]) : [frames]));
    if (this.#buffer.length > MAX_BUFFERED) this.#buffer = null;
    if (this.#buffer?.length !== 0) this.#finish?.('frames');
  }

  /** Sends the waiting poll to the server: the leader's failed, or there is another leader. */
  askServer(): void {
    this.#finish?.('ask');
  }

  /** Stops buffering: this tab's client receives over the socket. */
  stop(): void {
    this.#buffer = null;
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
    const frames = this.#buffer;
    this.#buffer = [];
    // The frames carry the versions they changed; 0 is never newer.
    return new Response(JSON.stringify({ frames, epoch, user_version: 0 }));
  }

  #wait(wait_ms: number, signal: AbortSignal | null | undefined): Promise<Outcome> {
    const { clock } = this.#ports;
    return new Promise((resolve) => {
      const finish = (outcome: Outcome): void => {
        clock.clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#finish = null;
        resolve(outcome);
      };
      const abort = (): void => finish('aborted');
      const timer = clock.setTimeout(() => finish('ask'), wait_ms);
      signal?.addEventListener('abort', abort);
      this.#finish = finish;
    });
  }
}

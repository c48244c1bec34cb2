/**
 * Receiving over HTTP: one `POST /api/sync` after another, while no socket is proven.
 *
 * The first of a run does not wait: it shows at once whether HTTP works, and brings what was missed.
 * Nothing is kept on the server between two calls; the cursors in each request say where we stand.
 */
import type { Environment } from '../environment.ts';
import { ChatError } from '../errors.ts';
import type { Resume, SyncResponse } from '../protocol.ts';
import type { Http } from '../transports/http.ts';
import { backoff_ms } from './backoff.ts';

export interface PollerPorts {
  resume(): Resume | undefined;
  /** How long one poll may wait, seconds. */
  wait_s(): number;
  answered(answer: SyncResponse): void;
}

/** After the first answer: a socket that proves itself within this saves the long poll. */
const HEAD_START_MS = 250;
/** A server that answers "nothing" at once must not be asked in a tight loop. */
const EMPTY_PAUSE_MS = 1_000;

export class Poller {
  readonly #env: Environment;
  readonly #http: Http;
  readonly #ports: PollerPorts;
  #run: AbortController | null = null;
  #startedAt = Number.NEGATIVE_INFINITY;

  constructor(env: Environment, http: Http, ports: PollerPorts) {
    this.#env = env;
    this.#http = http;
    this.#ports = ports;
  }

  set running(wanted: boolean) {
    if (wanted === (this.#run !== null)) return;
    this.#run?.abort();
    this.#run = wanted ? new AbortController() : null;
    if (this.#run) void this.#poll(this.#run.signal);
  }

  /** The network may be back, and a waiting request may be on a dead one: ask anew, once a second at most. */
  hurry(): void {
    if (!this.#run || this.#env.clock.now() - this.#startedAt < EMPTY_PAUSE_MS) return;
    this.running = false;
    this.running = true;
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#env;
    let wait_s = 0;
    let failures = 0;
    this.#startedAt = clock.now();
    while (!signal.aborted) {
      const began = clock.now();
      let pause_ms = 0;
      try {
        const answer = await this.#http.sync(this.#ports.resume(), wait_s, signal);
        if (signal.aborted) return;
        this.#ports.answered(answer);
        failures = 0;
        if (wait_s === 0) pause_ms = HEAD_START_MS;
        else if (answer.frames.length === 0 && clock.now() - began < EMPTY_PAUSE_MS) pause_ms = EMPTY_PAUSE_MS;
        wait_s = this.#ports.wait_s();
      } catch (error) {
        const told = error instanceof ChatError ? error.retryAfter : null;
        pause_ms = told === null ? backoff_ms(failures, random()) : told * 1_000;
        failures++;
        wait_s = 0;
      }
      if (pause_ms > 0 && !signal.aborted) await this.#pause(pause_ms, signal);
    }
  }

  #pause(delay_ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#env.clock.setTimeout(done, delay_ms);
      const { clock } = this.#env;
      function done(): void {
        clock.clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
    });
  }
}

/**
 * Receiving over HTTP: one `POST /api/sync` after another, while no socket is proven.
 *
 * The first of a run does not wait: it shows at once whether HTTP works, and brings what was missed.
 * Each request names the client's cursors, so a poll does not depend on what the server kept of the one before.
 */
import type { Environment } from '../environment.ts';
import type { ChatError } from '../errors.ts';
import type { SyncResponse } from '../protocol.ts';
import type { Replica } from '../replica.ts';
import type { Http } from '../transports/http.ts';
import { retry_ms } from './backoff.ts';

/** The part of the replica that a connection needs. */
export type ResumeSource = Pick<Replica, 'epoch' | 'limits' | 'resume'>;

export interface Poller {
  run(wanted: boolean): void;
  /** The network may be back, and the waiting request on a dead connection: poll again, at most once a second. */
  hurry(): void;
}

/** How long a poll waits until `hello` has set the limit. */
const DEFAULT_WAIT_S = 25;
/** After the first answer: a socket that proves itself within this saves the long poll. */
const HEAD_START_MS = 250;
/** A server that answers "nothing" at once must not be polled in a tight loop. */
const EMPTY_PAUSE_MS = 1_000;

export function createPoller(
  { clock, random }: Environment,
  http: Http,
  replica: ResumeSource,
  polled: (answer: SyncResponse) => void,
): Poller {
  let running: AbortController | null = null;
  let startedAt = 0;

  async function poll({ signal }: AbortController): Promise<void> {
    let wait_s = 0;
    let failures = 0;
    startedAt = clock.now();
    while (!signal.aborted) {
      const began = clock.now();
      let pause_ms = 0;
      try {
        const answer = await http.sync(replica.resume(), wait_s, signal);
        if (signal.aborted) return;
        polled(answer);
        failures = 0;
        if (wait_s === 0) pause_ms = HEAD_START_MS;
        else if (answer.frames.length === 0 && clock.now() - began < EMPTY_PAUSE_MS) pause_ms = EMPTY_PAUSE_MS;
        wait_s = replica.limits?.sync_wait_s ?? DEFAULT_WAIT_S;
      } catch (error) {
        pause_ms = retry_ms(error as ChatError, failures++, random());
        wait_s = 0;
      }
      if (pause_ms > 0 && !signal.aborted) await pause(pause_ms, signal);
    }
  }

  const pause = (delay_ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, delay_ms);
      signal.onabort = () => {
        clock.clearTimeout(timer);
        resolve();
      };
    });

  function run(wanted: boolean): void {
    if (wanted === !!running) return;
    running?.abort();
    running = wanted ? new AbortController() : null;
    if (running) void poll(running);
  }

  return {
    run,
    hurry() {
      if (!running || clock.now() - startedAt < EMPTY_PAUSE_MS) return;
      run(false);
      run(true);
    },
  };
}

/**
 * One command, over the best transport: the proven socket, else REST.
 *
 * When a socket dies before the answer, it is unknown whether the command was executed: one that may be
 * repeated is sent again by REST, any other is rejected with `connection_lost`, for a person to decide.
 */
import { retry_ms } from './connection/backoff.ts';
import type { Driver } from './connection/driver.ts';
import type { Environment } from './environment.ts';
import { within } from './clock.ts';
import { ChatError } from './errors.ts';
import { type CommandFields, type CommandName, type CommandResult, isRepeatable } from './protocol.ts';
import { HEDGE_MS } from './sender.ts';
import { ANSWER_MS } from './transports/transport.ts';
import type { Method } from './types.ts';

export interface Answer<C extends CommandName> {
  readonly method: Method;
  readonly result: CommandResult<C>;
}

/** What a command needs of the core. */
export interface CommanderPorts {
  readonly env: Pick<Environment, 'clock' | 'random'>;
  readonly driver: Pick<Driver, 'doubt' | 'http' | 'link'>;
}

/** With backoff about four seconds in all: as long as a person watches a spinner. */
const REST_TRIES = 4;

/** If the server asks for a longer wait, the command fails at once: a daily limit may be used up. */
const LONGEST_WAIT_S = 10;

export async function command<C extends CommandName>(
  { env: { clock, random }, driver: { doubt, http, link } }: CommanderPorts,
  type: C,
  fields: CommandFields<C>,
  tries = REST_TRIES,
  signal?: AbortSignal,
): Promise<Answer<C>> {
  const repeatable = isRepeatable(type, fields);
  if (link) {
    try {
      return { method: 'websocket', result: await answered(link.request(type, fields)) };
    } catch (error) {
      if (!repeatable || signal?.aborted || (error as ChatError).status !== null) throw error;
    }
  }
  for (let failures = 0; ; failures++) {
    try {
      return { method: 'rest', result: await http.request(type, fields) };
    } catch (cause) {
      const error = cause as ChatError;
      const { final, status, retryAfter } = error;
      const isLong = (retryAfter ?? 0) > LONGEST_WAIT_S;
      if (!repeatable || final || isLong || status === 401 || signal?.aborted || failures + 1 >= tries) throw cause;
      const delay_ms = retry_ms(error, failures, random());
      await new Promise<void>((resolve) => clock.setTimeout(resolve, delay_ms));
      if (signal?.aborted) throw cause;
    }
  }

  /** A late answer makes the driver check the link; no answer at all is an error. */
  function answered<T>(answer: Promise<T>): Promise<T> {
    return within(clock, ANSWER_MS, within(clock, HEDGE_MS, answer, doubt), (_, reject) =>
      reject(new ChatError({ code: 'timeout', detail: 'The server did not answer.' })),
    );
  }
}

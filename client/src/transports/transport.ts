/**
 * What a transport is: it takes a command and brings its one answer.
 *
 * The WebSocket and HTTP are both this; `testing/transportSuite.ts` says what they promise alike.
 */
import type { CommandFields, CommandName, CommandResult } from '../protocol.ts';
import type { Method } from '../types.ts';

export interface Transport {
  readonly method: Method;
  /**
   * @throws ChatError the server's refusal, or `network` / `connection_lost` / `timeout` where no
   * answer came: then nobody knows whether it was done.
   */
  request<C extends CommandName>(type: C, fields: CommandFields<C>): Promise<CommandResult<C>>;
}

/** No answer within this: for HTTP requests that do not wait by design, and for acks. */
export const ANSWER_MS = 15_000;

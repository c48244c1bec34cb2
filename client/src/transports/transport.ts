/**
 * A transport: sends a command and returns its one answer.
 *
 * The WebSocket and HTTP implement it; `testing/transportSuite.ts` tests what both promise.
 */
import type { CommandFields, CommandName, CommandResult } from '../protocol.ts';
import type { Method } from '../types.ts';

export interface Transport {
  readonly method: Method;
  /**
   * @throws ChatError the server's refusal, or `network` / `connection_lost` / `timeout` where no
   * answer came: then it is unknown whether the command was executed.
   */
  request<C extends CommandName>(type: C, fields: CommandFields<C>): Promise<CommandResult<C>>;
}

/** The longest wait for an answer: of HTTP requests that are no polls, and for acks. */
export const ANSWER_MS = 15_000;

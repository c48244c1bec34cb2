/**
 * How a message came in, what was done to its text, and who has seen it: asked for when somebody looks, and kept nowhere.
 *
 * Not in the core: composed in, also late, by apps that show details.
 */
import type { Core } from '../core.ts';
import type { MessageDetails, MessageId } from '../protocol.ts';

export interface DetailsChat {
  /** @throws ChatError `message_not_found`, `message_deleted`, or `not_a_member` for who left before it was written. */
  getMessageDetails(id: MessageId): Promise<MessageDetails>;
}

export function withDetails({ routes, run }: Core): DetailsChat {
  routes.get_message_details = 'GET /api/messages/{message_id}/details';
  return {
    getMessageDetails: async (id) => (await run('get_message_details', { message_id: id })).result,
  };
}

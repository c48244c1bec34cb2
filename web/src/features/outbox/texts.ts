import type { PendingMessage } from '@backchannel/client';

type Unsent = Pick<PendingMessage, 'change' | 'error'>;

/** For example "2 messages" or "1 message and 2 changes". */
export function countText(items: readonly Pick<PendingMessage, 'change'>[]): string {
  const messages = items.filter(({ change }) => !change).length;
  const changes = items.length - messages;
  const parts = [
    ...(messages > 0 ? [`${messages} ${messages === 1 ? 'message' : 'messages'}`] : []),
    ...(changes > 0 ? [`${changes} ${changes === 1 ? 'change' : 'changes'}`] : []),
  ];
  return parts.join(' and ');
}

/** The sentence to show when items were discarded. */
export function discardedText(items: readonly Pick<PendingMessage, 'change'>[]): string {
  const [one] = items;
  if (items.length !== 1 || !one) return `${countText(items)} deleted before being sent.`;
  switch (one.change?.type) {
    case 'edit_message':
      return 'Edit cancelled.';
    case 'delete_message':
      return 'Deletion cancelled.';
    case undefined:
      return 'Unsent message deleted.';
    default:
      return 'Reaction cancelled.';
  }
}

/** Describes a waiting change; null for a message. */
export function changeText({ change }: Pick<PendingMessage, 'change'>): string | null {
  switch (change?.type) {
    case 'edit_message':
      return 'Edit of a message';
    case 'delete_message':
      return 'Deletion of a message';
    case 'add_reaction':
      return `Reaction ${change.emoji}`;
    case 'remove_reaction':
      return `Removal of ${change.emoji}`;
    default:
      return null;
  }
}

/** Explains to the writer why an item was not sent. */
export function reasonText(error: Pick<NonNullable<Unsent['error']>, 'code' | 'detail'> | null): string {
  switch (error?.code) {
    case 'expired':
      return 'It waited for more than a day. Send it now?';
    case 'too_large':
      return 'It is too long.';
    case 'not_a_member':
    case 'forbidden':
    case 'room_not_found':
      return 'You cannot write here any more.';
    case 'edit_conflict':
      return 'This message was edited elsewhere in the meantime.';
    case 'message_deleted':
    case 'message_not_found':
      return 'This message was deleted in the meantime.';
    default:
      return error?.detail || 'The server refused it.';
  }
}

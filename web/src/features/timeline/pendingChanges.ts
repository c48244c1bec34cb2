import type { Message, MessageId, PendingChange, UserId } from '@backchannel/client';

export const NO_CHANGES: readonly PendingChange[] = [];

/** Groups waiting changes by message. */
export function changesByMessage(changes: readonly PendingChange[]): ReadonlyMap<MessageId, readonly PendingChange[]> {
  const found = new Map<MessageId, PendingChange[]>();
  for (const item of changes) {
    const { message_id } = item.change;
    found.set(message_id, [...(found.get(message_id) ?? []), item]);
  }
  return found;
}

/** The message with its waiting edit and reactions applied. Failed changes are ignored. */
export function withPendingChanges(message: Message, changes: readonly PendingChange[], me: UserId): Message {
  let { content, reactions } = message;
  for (const { change, state } of changes) {
    if (state === 'failed') continue;
    if (change.type === 'edit_message') ({ content } = change);
    if ('emoji' in change) reactions = react(reactions, change.emoji, me, change.type === 'add_reaction');
  }
  return content === message.content && reactions === message.reactions ? message : { ...message, content, reactions };
}

function react(reactions: Message['reactions'], emoji: string, me: UserId, on: boolean): Message['reactions'] {
  const existing = reactions.find((reaction) => reaction.emoji === emoji);
  if ((existing?.user_ids.includes(me) ?? false) === on) return reactions;
  if (!existing) return [...reactions, { emoji, count: 1, user_ids: [me] }];
  const user_ids = on ? [...existing.user_ids, me] : existing.user_ids.filter((id) => id !== me);
  return reactions
    .map((each) => (each === existing ? { ...each, user_ids, count: existing.count + (on ? 1 : -1) } : each))
    .filter(({ count }) => count > 0);
}

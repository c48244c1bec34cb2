/**
 * Keeps names and pictures current in what the client holds: rows of the room list, and messages.
 *
 * Theory. A message has its sender's name as of when it was read. `person_updated` replaces it wherever that person occurs. Where such a
 * frame was lost, the list of rooms is read again, with the present names of their members. Applying either twice is harmless.
 */
import type { Core } from '../core.ts';
import type { Message, Quote, Room, User } from '../protocol.ts';

export function withPeople({ onFrame, replica }: Core): object {
  function show(users: readonly User[]): void {
    const byId = new Map(users.map((user) => [user.id, user]));
    const renamed = <T extends { readonly sender: User }>(held: T): T => {
      const sender = byId.get(held.sender.id);
      return sender && !isSame(sender, held.sender) ? { ...held, sender } : held;
    };
    const change = (message: Message): Message => {
      const reply_to = message.reply_to && renamed<Quote>(message.reply_to);
      return renamed(reply_to === message.reply_to ? message : { ...message, reply_to });
    };
    for (const room of replica.rooms.list) {
      replica.rooms.set({
        ...room,
        members: room.members.map((member) => byId.get(member.id) ?? member),
        last_message: room.last_message && renamed(room.last_message),
      });
      replica.updateTimeline(room.id, (held) => {
        const messages = held.messages.map(change);
        return messages.some((message, index) => message !== held.messages[index]) ? { ...held, messages } : held;
      });
    }
  }

  onFrame.push((frame) => {
    if (frame.type === 'person_updated') show([frame.user]);
    if (frame.type === 'room_list') show(frame.rooms.flatMap(({ members }: Room) => members));
  });
  return {};
}

const isSame = (one: User, other: User): boolean =>
  one.display_name === other.display_name &&
  one.username === other.username &&
  one.avatar_url === other.avatar_url &&
  one.kind === other.kind;

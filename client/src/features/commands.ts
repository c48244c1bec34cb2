/**
 * Commands by name. Rooms and messages in the answers are applied at once.
 */
import type { Answer } from '../commander.ts';
import type { Core } from '../core.ts';
import { ChatError } from '../errors.ts';
import type { CommandFields, CommandName, CommandResult, Message, Room } from '../protocol.ts';
import { applyResult } from '../timeline.ts';
import type { CommandOptions, CommandsChat } from '../types.ts';

/** A person's command is executed now or refused now: it must not take effect after they have given it up. */
export function checkOnline({ driver }: Core): void {
  if (!driver.isLost) return;
  const detail =
    driver.connection.reason === 'signed_out'
      ? 'You are signed out. Sign in, then try again.'
      : 'You are offline. Try again when connected.';
  throw new ChatError({ code: 'offline', detail });
}

/** Shows a message of an answer where it is held. */
export function showResult({ replica }: Core, message: Message): void {
  replica.updateTimeline(message.room_id, (held) => applyResult(held, message));
}

/** Adds `command`. */
export function withCommands(core: Core): CommandsChat {
  const { flush, replica, routes, run } = core;
  return {
    async command<C extends CommandName>(
      type: C,
      fields: CommandFields<C>,
      { signal, tries }: CommandOptions = {},
    ): Promise<CommandResult<C>> {
      // Now, and not only when the socket is lost.
      if (!routes[type]) throw new TypeError(`Name ${type} in the option "commands".`);
      if (!type.startsWith('get_')) checkOnline(core);
      const { result, method } = await new Promise<Answer<C>>((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new ChatError({ code: 'cancelled' })));
        run(type, fields, tries, signal).then(resolve, reject);
      });
      const { message, room } = result as { message?: Message; room?: Room };
      if (message) showResult(core, message);
      const isEntered = type === 'create_room' || type === 'join_room';
      // The answer to `leave_room` has the room the person has left.
      if (room && (isEntered || (replica.rooms.get(room.id) && type !== 'leave_room'))) replica.put(room);
      flush(method);
      return result;
    },
  };
}

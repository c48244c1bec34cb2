/**
 * Every command of the protocol, by name. What the answers show of rooms and messages is applied at once.
 */
import type { Core } from '../core.ts';
import {
  type CommandFields,
  type CommandName,
  type CommandResult,
  COMMANDS,
  type Message,
  type Room,
} from '../protocol.ts';
import { applyResult } from '../timeline.ts';
import type { CommandsChat } from '../types.ts';

/** Adds `command`. */
export function withCommands({ flush, replica, routes, run }: Core): CommandsChat {
  Object.assign(routes, COMMANDS);
  return {
    async command<C extends CommandName>(type: C, fields: CommandFields<C>): Promise<CommandResult<C>> {
      const { result, method } = await run(type, fields);
      const { message, room } = result as { message?: Message; room?: Room };
      const held = message && replica.timeline(message.room_id);
      if (held) replica.setTimeline(message.room_id, applyResult(held, message));
      const isEntered = type === 'create_room' || type === 'join_room';
      // The answer to leaving shows the room as it was left.
      if (room && (isEntered || (replica.rooms.get(room.id) && type !== 'leave_room'))) replica.put(room);
      flush(method);
      return result;
    },
  };
}

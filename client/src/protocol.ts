/**
 * The words on the wire: the generated types, and the guard at the door.
 *
 * First step of a frame's way into the client. It knows no socket and no state.
 */
import { COMMANDS, type CommandFields, type Commands, type RoomEvent, type ServerFrame } from './protocol.gen.ts';

export * from './protocol.gen.ts';

/** What can be asked over either transport (`ping` is the WebSocket's own). */
export type CommandName = Exclude<keyof Commands, 'ping'>;

const isNumber = (value: unknown): boolean => Number.isSafeInteger(value);
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/**
 * True for what may be let in: known frames carry the members everything else relies on, and
 * frames of a type not known yet pass (and are ignored), so that a newer server can say more.
 */
export function isFrame(value: unknown): value is ServerFrame {
  if (!isObject(value)) return false;
  const f = value as Record<string, unknown>;
  switch (f.type) {
    case 'hello':
      return isObject(f.user) && typeof f.epoch === 'string' && isNumber(f.heartbeat_s);
    case 'room_list':
      return Array.isArray(f.rooms) && isNumber(f.user_version);
    case 'message_created':
    case 'message_edited':
    case 'message_deleted':
      return isNumber(f.room_id) && isNumber(f.seq) && isObject(f.message);
    case 'member_joined':
    case 'member_left':
      return isNumber(f.room_id) && isNumber(f.seq) && isObject(f.user);
    case 'reaction_added':
    case 'reaction_removed':
    case 'room_updated':
    case 'room_reset':
      return isNumber(f.room_id) && isNumber(f.seq);
    case 'room_added':
      return isObject(f.room) && isNumber(f.user_version);
    case 'error':
      return isObject(f.error);
    default:
      return typeof f.type === 'string';
  }
}

const ROOM_EVENTS: Readonly<Record<RoomEvent['type'], true>> = {
  message_created: true,
  message_edited: true,
  message_deleted: true,
  reaction_added: true,
  reaction_removed: true,
  member_joined: true,
  member_left: true,
  room_updated: true,
};

export const isRoomEvent = (frame: ServerFrame): frame is RoomEvent => Object.hasOwn(ROOM_EVENTS, frame.type);

/** True where doing it twice is doing it once, so that an unanswered try may be repeated. */
export function isRepeatable<C extends CommandName>(type: C, fields: CommandFields<C>): boolean {
  // Only a new room can be doubled; a direct one cannot, it is one per pair for ever.
  return COMMANDS[type] !== COMMANDS.create_room || (fields as { kind?: string }).kind === 'direct';
}

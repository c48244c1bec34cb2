/**
 * The words on the wire: the generated types, and the guard at the door.
 *
 * First step of a frame's way into the client. It knows no socket and no state.
 */
import type { CommandFields, COMMANDS, Commands, RoomEvent, ServerFrame } from './protocol.gen.ts';

export * from './protocol.gen.ts';

/** What can be asked over either transport (`ping` is the WebSocket's own). */
export type CommandName = Exclude<keyof Commands, 'ping'>;

/** Where commands are over REST. Who uses a command brings its route along, so that nobody carries the others'. */
export type Routes = Partial<typeof COMMANDS>;

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const isText = (value: unknown): boolean => typeof value === 'string';

/** What a member has to be, wherever it is needed. */
const MEMBERS: Readonly<Record<string, (value: unknown) => boolean>> = {
  type: isText,
  epoch: isText,
  room_id: Number.isSafeInteger,
  seq: Number.isSafeInteger,
  user_version: Number.isSafeInteger,
  heartbeat_s: Number.isSafeInteger,
  rooms: Array.isArray,
  user: isObject,
  room: isObject,
  message: isObject,
  error: isObject,
};
const EVENT = ['room_id', 'seq'];
const ABOUT_MESSAGE = [...EVENT, 'message'];
const ABOUT_MEMBER = [...EVENT, 'user'];

/** The members that everything else relies on, by type. */
const NEEDED: { readonly [type: string]: readonly string[] | undefined } = {
  hello: ['user', 'epoch', 'heartbeat_s'],
  room_list: ['rooms', 'user_version'],
  message_created: ABOUT_MESSAGE,
  message_edited: ABOUT_MESSAGE,
  message_deleted: ABOUT_MESSAGE,
  member_joined: ABOUT_MEMBER,
  member_left: ABOUT_MEMBER,
  reaction_added: EVENT,
  reaction_removed: EVENT,
  room_updated: EVENT,
  room_reset: EVENT,
  room_added: ['room', 'user_version'],
  error: ['error'],
};

/**
 * True for what may be let in: known frames carry the members they need, and frames of a type not
 * known yet pass (and change nothing), so that a newer server can say more.
 */
export function isFrame(value: unknown): value is ServerFrame {
  if (!isObject(value)) return false;
  const frame = value as Record<string, unknown> & { readonly type: string };
  return ['type', ...(NEEDED[frame.type] ?? [])].every((name) => MEMBERS[name]?.(frame[name]));
}

/**
 * What has a number in a room, and none in a list. An event of a type not known yet counts: the ones after it must not wait for
 * it. A user frame is none, though it may name a room's seq.
 */
export const isRoomEvent = (frame: ServerFrame): frame is RoomEvent =>
  frame.type !== 'room_reset' &&
  !('user_version' in frame) &&
  EVENT.every((name) => MEMBERS[name]?.((frame as never)[name]));

/** True where doing it twice is doing it once, so that an unanswered try may be repeated. */
export function isRepeatable<C extends CommandName>(type: C, fields: CommandFields<C>): boolean {
  // Only a new room can be doubled; a direct one cannot, it is one per pair for ever.
  return type !== 'create_room' || (fields as { kind?: string }).kind === 'direct';
}

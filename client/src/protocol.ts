/**
 * The protocol's generated types, and the validation of frames.
 *
 * The first step of a frame into the client. It knows no socket and no state.
 */
import type { CommandFields, COMMANDS, Commands, RoomEvent, ServerFrame } from './protocol.gen.ts';

export * from './protocol.gen.ts';

/** The commands of both transports (`ping` is the WebSocket's own). */
export type CommandName = Exclude<keyof Commands, 'ping'>;

/** The REST routes of commands. Each feature adds those it uses, so that a bundle contains no others. */
export type Routes = { -readonly [C in keyof typeof COMMANDS]?: (typeof COMMANDS)[C] };

/** Members with a value of the kind they need: an object, a text, an integer, an array. */
type Sample = Readonly<Record<string, object | string | number>>;

const EVENT: Sample = { room_id: 0, seq: 0 };
const MESSAGE_EVENT: Sample = { ...EVENT, message: {} };
const MEMBER_EVENT: Sample = { ...EVENT, user: {} };

/** The members that the client relies on, by type of frame. */
const NEEDED: { readonly [type: string]: Sample | undefined } = {
  hello: { user: {}, epoch: '', heartbeat_s: 0 },
  room_list: { rooms: [], user_version: 0 },
  message_created: MESSAGE_EVENT,
  message_edited: MESSAGE_EVENT,
  message_deleted: MESSAGE_EVENT,
  member_joined: MEMBER_EVENT,
  member_left: MEMBER_EVENT,
  reaction_added: EVENT,
  reaction_removed: EVENT,
  room_updated: EVENT,
  room_reset: EVENT,
  room_added: { room: {}, user_version: 0 },
  error: { error: {} },
};

/** True where `value` has all members of the sample, each of the same kind. */
const isLike = (value: unknown, sample: Sample): boolean =>
  Object.entries(sample).every(([name, kind]) => {
    const member = (value as Record<string, unknown> | null)?.[name];
    if (typeof kind === 'number') return Number.isSafeInteger(member);
    return !!member && typeof member === typeof kind && Array.isArray(member) === Array.isArray(kind);
  });

/**
 * True for a valid frame: one of a known type has the members it needs. Frames of an unknown type are
 * valid and change nothing, so that a newer server can send more.
 */
export function isFrame(value: unknown): value is ServerFrame {
  return isLike(value, { type: '', ...NEEDED[(value as ServerFrame | null)?.type ?? ''] });
}

/**
 * True for an event: it has a number in a room's log. An event of an unknown type is one too, so that later events do not wait
 * for it. A user frame is none, though it may contain a room's seq.
 */
export const isRoomEvent = (frame: ServerFrame): frame is RoomEvent =>
  frame.type !== 'room_reset' && !('user_version' in frame) && isLike(frame, EVENT);

/** True for an idempotent command: a try without an answer may be repeated. */
export function isRepeatable<C extends CommandName>(type: C, fields: CommandFields<C>): boolean {
  // Only a new room could be created twice; a direct room is unique for its two members.
  return type !== 'create_room' || (fields as { kind?: string }).kind === 'direct';
}

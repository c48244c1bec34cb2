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

/** Members as they look: an object, a text, an integer, an array. */
type Sample = Readonly<Record<string, object | string | number>>;

const EVENT: Sample = { room_id: 0, seq: 0 };
const MESSAGE_EVENT: Sample = { ...EVENT, message: {} };
const MEMBER_EVENT: Sample = { ...EVENT, user: {} };

/** The members that everything else relies on, by type of frame. */
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
 * True for what may be let in: known frames carry the members they need, and frames of a type not
 * known yet pass (and change nothing), so that a newer server can say more.
 */
export function isFrame(value: unknown): value is ServerFrame {
  return isLike(value, { type: '', ...NEEDED[(value as ServerFrame | null)?.type ?? ''] });
}

/**
 * What has a number in a room, and none in a list. An event of a type not known yet counts: the ones after it must not wait for
 * it. A user frame is none, though it may name a room's seq.
 */
export const isRoomEvent = (frame: ServerFrame): frame is RoomEvent =>
  frame.type !== 'room_reset' && !('user_version' in frame) && isLike(frame, EVENT);

/** True where doing it twice is doing it once, so that an unanswered try may be repeated. */
export function isRepeatable<C extends CommandName>(type: C, fields: CommandFields<C>): boolean {
  // Only a new room can be doubled; a direct one cannot, it is one per pair for ever.
  return type !== 'create_room' || (fields as { kind?: string }).kind === 'direct';
}

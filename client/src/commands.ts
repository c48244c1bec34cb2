/**
 * Commands and their results, by name. The one list `Chat.command` is typed by.
 */
import type {
  Channel,
  Member,
  Message,
  MessageId,
  Room,
  RoomId,
  RoomKind,
  Seq,
  User,
  UserId,
} from './protocol.ts';

interface HistoryBounds {
  readonly before?: Seq;
  readonly after?: Seq;
  readonly around?: Seq;
  readonly limit?: number;
}

/** name → what it takes (`fields`) and what it gives (`result`). */
export interface CommandMap {
  get_room_list: {
    fields: {};
    result: { rooms: readonly Room[]; timestamp: string; user_version: number; epoch: string };
  };
  send_message: {
    fields: { id: MessageId; room_id: RoomId; content: string; reply_to?: MessageId; attachments?: readonly string[] };
    result: { message: Message; duplicate: boolean };
  };
  edit_message: { fields: { message_id: MessageId; content: string; base_seq?: Seq }; result: { message: Message } };
  delete_message: { fields: { message_id: MessageId }; result: { message: Message } };
  add_reaction: { fields: { message_id: MessageId; emoji: string }; result: { message: Message } };
  remove_reaction: { fields: { message_id: MessageId; emoji: string }; result: { message: Message } };
  get_history: {
    fields: { room_id: RoomId } & HistoryBounds;
    result: { messages: readonly Message[]; as_of_seq: Seq; has_more: boolean };
  };
  get_events: {
    fields: { room_id: RoomId; after: Seq; limit?: number };
    result: { events: readonly unknown[]; seq: Seq };
  };
  mark_read: {
    fields: { room_id: RoomId; seq: Seq };
    result: { read_seq: Seq; unread_count: number; mention_count: number };
  };
  typing: { fields: { room_id: RoomId; active: boolean }; result: {} };
  create_room: {
    fields: { kind: RoomKind; name?: string; topic?: string; members?: readonly UserId[] };
    result: { room: Room };
  };
  update_room: { fields: { room_id: RoomId; name?: string; topic?: string }; result: { room: Room } };
  join_room: { fields: { room_id: RoomId }; result: { room: Room } };
  leave_room: { fields: { room_id: RoomId }; result: { room: Room } };
  add_members: { fields: { room_id: RoomId; members: readonly UserId[] }; result: { room: Room } };
  remove_member: { fields: { room_id: RoomId; user_id: UserId }; result: { room: Room } };
  get_room: { fields: { room_id: RoomId }; result: { room: Room } };
  get_members: {
    fields: { room_id: RoomId; after?: UserId; limit?: number };
    result: { members: readonly Member[]; has_more: boolean };
  };
  get_people: { fields: { query?: string; limit?: number }; result: { people: readonly User[] } };
  get_channels: { fields: { query?: string; limit?: number }; result: { channels: readonly Channel[] } };
  get_me: { fields: {}; result: { user: User } };
  set_presence: { fields: { state: 'online' | 'away'; instance?: string }; result: {} };
}

export type CommandName = keyof CommandMap;
export type CommandFields<C extends CommandName> = CommandMap[C]['fields'];
export type CommandResult<C extends CommandName> = CommandMap[C]['result'];

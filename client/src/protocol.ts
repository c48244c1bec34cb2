/**
 * The words on the wire, as TypeScript sees them: frames, commands, results.
 *
 * First step of a frame's way into the client. Pure types; it knows no socket and no state.
 * Times are ISO 8601 UTC strings; room and user ids are integers; message ids are UUIDs.
 */

export type UserId = number;
export type RoomId = number;
/** A UUID (v7 preferred), made by the client that writes the message. */
export type MessageId = string;
/** An event's number in its room: 1, 2, 3 … without a gap. */
export type Seq = number;

export interface User {
  readonly id: UserId;
  readonly username: string;
  readonly display_name: string;
}

export interface Reaction {
  readonly emoji: string;
  readonly count: number;
  readonly user_ids: readonly UserId[];
}

/** What a reply shows of the message it answers. */
export interface Quote {
  readonly id: MessageId;
  readonly seq: Seq;
  readonly sender: User;
  /** Empty where the quoted message was deleted. */
  readonly excerpt: string;
}

export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly content_type: string;
  readonly url: string;
  readonly width?: number | null;
  readonly height?: number | null;
}

export interface Message {
  readonly id: MessageId;
  readonly room_id: RoomId;
  readonly seq: Seq;
  /** The seq of its last change; only events after it are applied to it. */
  readonly rev_seq: Seq;
  readonly sender: User;
  readonly content: string;
  readonly reply_to: Quote | null;
  readonly created_at: string;
  readonly edited_at: string | null;
  /** A tombstone: seq and id stay, the body is erased. */
  readonly deleted: boolean;
  readonly reactions: readonly Reaction[];
  readonly attachments: readonly Attachment[];
  readonly mentions: readonly UserId[];
}

export interface LastMessage {
  readonly id: MessageId;
  readonly sender: User;
  readonly content: string;
  readonly timestamp: string;
}

export type RoomKind = 'direct' | 'group' | 'channel';
export type Role = 'owner' | 'admin' | 'member';

export interface Room {
  readonly id: RoomId;
  readonly kind: RoomKind;
  /** Null for a direct room: show the other member. */
  readonly name: string | null;
  readonly topic: string;
  /** The room's head: the seq of its newest event. */
  readonly seq: Seq;
  readonly read_seq: Seq;
  /** Capped at 100. */
  readonly unread_count: number;
  readonly mention_count: number;
  readonly member_count: number;
  /** Small rooms only. */
  readonly members?: readonly User[];
  readonly role: Role;
  readonly last_message: LastMessage | null;
}

export interface Member extends User {
  readonly role: Role;
}

export interface Channel {
  readonly id: RoomId;
  readonly name: string;
  readonly topic: string;
  readonly member_count: number;
  readonly joined: boolean;
}

/** The server's limits, told in its `hello`. */
export type Limits = Readonly<Record<string, number>>;

/** An error on the wire: `code` is a stable word, `detail` is for people and never compared. */
export interface ErrorBody {
  readonly code: string;
  readonly status: number;
  readonly detail?: string;
  /** Seconds. */
  readonly retry_after?: number;
  readonly errors?: Readonly<Record<string, readonly string[]>>;
}

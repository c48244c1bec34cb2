/**
 * What the client shows: `Snapshot`, `TimelineView` and their parts. Immutable; unchanged parts keep their identity.
 */
import type { Limits, Message, MessageId, Notification, Room, RoomId, Seq, User, UserId } from '../protocol.ts';

/**
 * Follows from evidence, not from the state of a socket.
 * - `connecting` (yellow): nothing is known yet.
 * - `connected` (hide the indicator): the WebSocket is proven and caught up.
 * - `disconnected` (orange): no WebSocket, but HTTP works. Messages are sent by HTTP.
 * - `error` (red): neither works, or a person must act; `reason` says why.
 */
export type ConnectionStatus = 'connecting' | 'connected' | 'disconnected' | 'error';

/**
 * Why the status is `error`.
 * `offline` and `unreachable` end by themselves; the others wait for a person:
 * sign in, ask an administrator, reload the page, or use the newer tab.
 */
export type ConnectionReason =
  | 'offline'
  | 'unreachable'
  | 'signed_out'
  | 'forbidden'
  | 'update_required'
  | 'superseded';

export interface Connection {
  readonly status: ConnectionStatus;
  /** How frames arrive now; null while nothing does. */
  readonly transport: 'websocket' | 'rest' | null;
  readonly reason: ConnectionReason | null;
  /** When the WebSocket is tried next, milliseconds since 1970; null while nothing is scheduled. */
  readonly retryAt: number | null;
  /** Messages of this person that the server does not have yet (failed ones not counted). */
  readonly waiting: number;
  /** When the last frame or answer had arrived at the time of this snapshot, milliseconds since 1970. */
  readonly lastHeardAt: number | null;
}

/** A user not named is offline. */
export type Present = 'online' | 'away';

/** State of the unsent messages over all rooms. */
export interface OutboxState {
  readonly waiting: number;
  readonly failed: number;
  /** False where this device refused to store (quota, private mode): the text is in this tab's memory only; say so. */
  readonly durable: boolean;
}

/** An immutable snapshot of everything but the messages. Unchanged parts keep their identity. */
export interface CoreSnapshot {
  readonly connection: Connection;
  readonly user: User | null;
  readonly limits: Limits | null;
  /** Newest activity first. */
  readonly rooms: readonly Room[];
  readonly roomsLoaded: boolean;
  /** By room id; rooms without unread messages are left out. */
  readonly unreadCounts: Readonly<Record<RoomId, number>>;
  readonly totalUnreadCount: number;
  readonly outbox: OutboxState;
}

/** What `withPresence` adds. */
export interface PresenceSnapshot {
  readonly presence: Readonly<Record<UserId, Present>>;
  /** Who is typing, by room; never this person. Rooms where nobody types are left out. */
  readonly typing: Readonly<Record<RoomId, readonly UserId[]>>;
}

/** What `withNotifications` adds. */
export interface NotificationsSnapshot {
  /** The newest 50 since `connect()`, oldest first. */
  readonly notifications: readonly Notification[];
}

export interface Snapshot extends CoreSnapshot, PresenceSnapshot, NotificationsSnapshot {}

/** Why a message was not sent. `code` is the server's, or one of the client's own. */
export interface SendError {
  /** The server's code, or `expired`: older than 24 h, so the person is asked before it is sent. */
  readonly code: string;
  readonly status: number | null;
  readonly detail: string;
}

/**
 * A change of a message that was sent before. `undo` marks the opposite of a cancelled change, which is sent in case that
 * the change had reached the server: it is not shown.
 */
export type MessageChange =
  | {
      readonly type: 'edit_message';
      readonly message_id: MessageId;
      readonly content: string;
      /** Texts this edit may replace: the one it began from, and those of this person's earlier edits. Any other is a conflict. */
      readonly bases: readonly string[];
      /** The message's `seq` and `rev_seq` when the edit began; left out where it had none yet. */
      readonly seq?: Seq;
      readonly base_seq?: Seq;
      readonly undo?: true;
    }
  | { readonly type: 'delete_message'; readonly message_id: MessageId; readonly undo?: true }
  | {
      readonly type: 'add_reaction' | 'remove_reaction';
      readonly message_id: MessageId;
      readonly emoji: string;
      readonly undo?: true;
    };

/** Where a message goes: the id of the one that its thread begins with (null or left out: into the room alone), whether the room shows it as
 * well; and the version of the draft that it was written in, which is cleared with it. */
export interface InThread {
  readonly thread?: MessageId | null;
  readonly in_room?: boolean;
  readonly draft_rev?: number;
}

export interface PendingMessage {
  readonly id: MessageId;
  readonly roomId: RoomId;
  /** The room's name when this was written. */
  readonly roomName: string;
  /** Of an edit: the new text. */
  readonly content: string;
  readonly replyTo: MessageId | null;
  readonly attachments: readonly string[];
  /** Set where the message is a reply in a thread, or was written in a draft that the server has. */
  readonly inThread?: InThread;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** `queued`: waits for its turn or for a connection; `sending`: a try is in progress; `failed`: left the queue, see `error`. */
  readonly state: 'queued' | 'sending' | 'failed';
  readonly error: SendError | null;
  /** Null for a message; else the change of one that was sent. */
  readonly change: MessageChange | null;
  /** A try had no answer: the server may have it already. */
  readonly unsure: boolean;
}

export type PendingChange = PendingMessage & { readonly change: MessageChange };

/** The messages that are held of one room. The same object until something in this room changes. */
export interface CoreTimelineView {
  readonly roomId: RoomId;
  /** Ascending by seq, without holes, tombstones included. */
  readonly messages: readonly Message[];
  /** This person's messages without an ack, oldest first. Shown after `messages`. */
  readonly pending: readonly PendingMessage[];
  readonly hasOlder: boolean;
  /** True while the window does not reach the head (opened around an old message, or trimmed). */
  readonly hasNewer: boolean;
  readonly loading: 'initial' | 'older' | 'newer' | null;
  /** Why the last load failed; cleared by the next. */
  readonly error: { readonly code: string; readonly detail: string } | null;
}

export interface TimelineView extends CoreTimelineView {
  /** This person's edits, deletions and reactions without an ack, oldest first. `messages` do not show them yet. */
  readonly changes: readonly PendingChange[];
  /**
   * The first unread seq when the room was opened, for the separator; unchanged until the room is opened again. Null where
   * nothing was unread, and while the window begins after it: `openRoom` with `around` the row's `read_seq + 1` loads it.
   */
  readonly firstUnreadSeq: Seq | null;
}

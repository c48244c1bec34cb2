/**
 * What the client does: the methods of `Chat`, by the feature that adds them.
 */
import type { CommandFields, CommandName, CommandResult, Message, MessageId, Room, RoomId, Seq } from '../protocol.ts';
import type {
  InThread,
  Present,
  CoreSnapshot,
  PresenceSnapshot,
  NotificationsSnapshot,
  Snapshot,
  PendingMessage,
  CoreTimelineView,
  TimelineView,
} from './state.ts';

/** Which transport brought the answer. */
export type Method = 'websocket' | 'rest';

export interface SendResult {
  readonly method: Method;
  readonly message: Message;
}

export interface RefreshResult {
  readonly method: Method;
  readonly rooms: readonly Room[];
}

/** The core: what `createChat` gives where nothing is composed in. */
export interface CoreChat {
  /** Starts an HTTP sync and the WebSocket at once; idempotent; also leaves a state that waits for a person (after sign-in). */
  connect(): void;
  /** Closes everything; the outbox is kept. `connect()` starts again. */
  disconnect(): Promise<void>;
  /** Tries the WebSocket and HTTP now instead of at `retryAt`. */
  retryNow(): void;

  /** Called at most once per task after something may have changed. */
  subscribe(listener: () => void): () => void;
  getSnapshot(): CoreSnapshot;
  subscribeTimeline(roomId: RoomId, listener: () => void): () => void;
  getTimeline(roomId: RoomId): CoreTimelineView;

  /**
   * Writes the message into the outbox, then sends it, over whatever works.
   * Resolves when the server has stored it; stays pending as long as that takes.
   * @param replyTo id of a message of the same room.
   * @throws ChatError when the server refuses it (it then shows as `failed`), or when it is discarded.
   */
  sendChatMessage(
    roomId: RoomId,
    content: string,
    replyTo?: MessageId | null,
    extra?: { readonly attachments?: readonly string[]; readonly inThread?: InThread },
  ): Promise<SendResult>;
  /** Fetches the room list. @throws ChatError */
  refreshRoomList(): Promise<RefreshResult>;
  /** Loads a window of the room: the newest page, or a page around a seq. @throws nothing: see `TimelineView.error`. */
  openRoom(roomId: RoomId, at?: { readonly around?: Seq }): Promise<void>;
  /** Releases the room's messages; unsent ones are kept. */
  closeRoom(roomId: RoomId): void;
  loadOlder(roomId: RoomId): Promise<void>;
  loadNewer(roomId: RoomId): Promise<void>;
  jumpToLatest(roomId: RoomId): Promise<void>;

  /** A failed message back into the queue, with the same id. */
  retry(messageId: MessageId): void;
  /** Removes a message that was not sent. */
  discard(messageId: MessageId): void;
  /** All failed ones (of one room). */
  retryAll(roomId?: RoomId): void;
  discardAll(roomId?: RoomId): void;
  /** Every unsent item of all rooms, also of rooms that are gone; oldest first. The same array until it changes. */
  getUnsent(): readonly PendingMessage[];
  /** Restores an item that was just discarded; one that may have reached the server gets a new id. */
  putBack(item: PendingMessage): void;
}

export interface CommandsChat {
  /**
   * One of the option `commands`, over the WebSocket when it is live, else over REST. When a socket dies before the answer, a
   * command that may be repeated is sent again by REST; any other is rejected with `connection_lost`.
   * While no transport works (status `error`), commands that change something are rejected at once with `offline`.
   * Messages and rooms in the result are applied to the state.
   * @throws ChatError
   */
  command<C extends CommandName>(
    type: C,
    fields: CommandFields<C>,
    options?: CommandOptions,
  ): Promise<CommandResult<C>>;
}

export interface CommandOptions {
  /** Cancels the command: it is rejected with `cancelled`, and not retried. */
  readonly signal?: AbortSignal;
  /** Tries over REST; default 4, within about four seconds. */
  readonly tries?: number;
}

/**
 * Changes of messages, with the promise that sending has: stored on the device before the first try, sent in the order
 * given within the room, retried until the server has them or refuses them. They show as `changes` of the room's view.
 * `discard` cancels one: it is not applied, and undone where it had reached the server already.
 * Each method resolves when the server has the change. @throws ChatError when it is refused or discarded.
 */
export interface ChangesChat {
  /**
   * Edits an own message. An unsent message is changed in the outbox.
   * @param base the message as it was when the edit began. Where it has another text by now, the edit fails with
   *   `edit_conflict` and keeps its text; `retry` replaces the other text.
   */
  editMessage(base: Pick<Message, 'id' | 'room_id' | 'content'> & Partial<Message>, content: string): Promise<unknown>;
  /** An unsent message is discarded. */
  deleteMessage(message: Pick<Message, 'id' | 'room_id'>): Promise<unknown>;
  /** Adds or removes the reaction. The opposite of a change that is not sent yet cancels it. */
  react(message: Pick<Message, 'id' | 'room_id'>, emoji: string, on: boolean): Promise<unknown>;
  getTimeline(roomId: RoomId): CoreTimelineView & Pick<TimelineView, 'changes'>;
}

export interface ReadingChat {
  /** Moves the read mark forward (never back); shown at once, sent to the server shortly after. */
  markRead(roomId: RoomId, seq: Seq): void;
  getTimeline(roomId: RoomId): CoreTimelineView & Pick<TimelineView, 'firstUnreadSeq'>;
}

export interface PresenceChat {
  /** Call it at every key press; sent to the server at most every 3 s. */
  setTyping(roomId: RoomId, active: boolean): void;
  setPresence(state: Present): void;
  getSnapshot(): CoreSnapshot & PresenceSnapshot;
}

export interface NotificationsChat {
  getSnapshot(): CoreSnapshot & NotificationsSnapshot;
}

export interface ReofferChat {
  /** Removes this person's unsent and sent messages from the device, when they sign out. */
  forget(): Promise<void>;
}

/** The full client: the core with everything composed in. */
export interface Chat
  extends Omit<CoreChat, 'getSnapshot' | 'getTimeline'>,
    CommandsChat,
    Omit<ChangesChat, 'getTimeline'>,
    Omit<ReadingChat, 'getTimeline'>,
    ReofferChat,
    Omit<PresenceChat, 'getSnapshot'> {
  getSnapshot(): Snapshot;
  getTimeline(roomId: RoomId): TimelineView;
}

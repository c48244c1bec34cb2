/**
 * Threads: the replies of those that are open, the list of those that the person follows, and what is unread in them.
 *
 * Theory. Replies are messages of their room, so events bring them; a thread that is open is a window of its own, kept by the same rules as
 * a room's (timeline.ts). Events that arrive out of order are applied again behind each other, which their seqs make harmless. What cannot
 * be known from events (a connection that was lost, a room that was reset) is read again.
 *
 * Not in the core: composed in by apps that show threads. Without it a room is flat, complete and in order.
 *
 * Longer than 300 lines: a third is the interface, and open threads, marks and the list share what is known of following.
 */
import type { Core } from '../core.ts';
import type { ChatError } from '../errors.ts';
import type { Message, MessageId, RoomEvent, RoomId, ServerFrame, Thread, ThreadStateChanged } from '../protocol.ts';
import { keepIdentity } from '../snapshot.ts';
import {
  applyEvent,
  applyPage,
  beginLoad,
  EMPTY,
  failLoad,
  type Load,
  type LoadKind,
  type Timeline,
} from '../timeline.ts';
import type { CoreChat, CoreTimelineView, PendingMessage, SendResult } from '../types.ts';
import { checkOnline } from './commands.ts';
import { threadRows } from './threadRows.ts';
import { threadSummaries } from './threadSummaries.ts';

export interface ThreadView extends Pick<CoreTimelineView, 'messages' | 'hasOlder' | 'hasNewer' | 'error'> {
  /** Null until it is loaded, and for who left the room if it was changed since. */
  readonly root: Message | null;
  readonly isLoading: boolean;
  readonly following: boolean;
  /** Replies by others above it are unread, if the thread is followed. */
  readonly readSeq: number;
  /** Own replies that the server does not have yet, oldest first. */
  readonly pending: readonly PendingMessage[];
}

export interface ThreadsList {
  /** The newest reply first; null until they are loaded. */
  readonly threads: readonly Thread[] | null;
  readonly hasMore: boolean;
}

export interface ThreadsChat {
  /** Loads the thread, and keeps it up to date until `closeThread`. Failures are in the view. */
  openThread(roomId: RoomId, root: MessageId, around?: number): Promise<void>;
  closeThread(root: MessageId): void;
  /** The view; the same object until it changes. `subscribeTimeline` of its room reports changes. */
  getThread(roomId: RoomId, root: MessageId): ThreadView;
  loadOlderReplies(root: MessageId): Promise<void>;
  loadNewerReplies(root: MessageId): Promise<void>;
  /** Writes a reply into the outbox, as `sendChatMessage` does. `inRoom`: the room shows it as well. */
  sendReply(roomId: RoomId, root: MessageId, content: string, extra?: ReplyOptions): Promise<SendResult>;
  /** @throws ChatError `offline` while no transport works. */
  followThread(root: MessageId, on: boolean): Promise<void>;
  /** Marks the replies up to `seq` as read, shortly after. */
  markThreadRead(root: MessageId, seq: number): void;
  /** Marks everything in the room as read, all its threads included. @throws ChatError */
  markAllRead(roomId: RoomId): Promise<void>;
  /** Loads the list (`more`: its next page). @throws ChatError */
  loadThreads(filter: { readonly unread?: boolean; readonly more?: boolean }): Promise<void>;
  /** The list as loaded last; the same object until it changes. `subscribe` reports changes. */
  getThreads(): ThreadsList;
}

export interface ReplyOptions {
  readonly replyTo?: MessageId | null;
  readonly inRoom?: boolean;
  readonly attachments?: readonly string[];
  /** The version of the draft that it was written in; see `DraftsChat.sending`. */
  readonly draft_rev?: number | undefined;
}

interface Held {
  readonly roomId: RoomId;
  root: Message | null;
  following: boolean;
  readSeq: number;
  /** Marked here, not yet known to the server. */
  markedSeq: number;
  timeline: Timeline;
}

/** One command for all replies that are scrolled through. */
const MARK_MS = 300;
const PAGE = 50;
/** Followed threads that are known at once. */
const KNOWN = 200;
/** Changes that may arrive before the reply that they are about. */
const RECENT = 64;

/** Adds threads, and current summaries to the messages of a room. */
export function withThreads(core: Core): ThreadsChat & Pick<CoreChat, 'getTimeline'> {
  const { env, flush, onFrame, onRecovered, onStored, replica, refreshSoon, routes, run, touch } = core;
  const { chat } = core;
  const { getTimeline, sendChatMessage } = chat;
  const held = new Map<MessageId, Held>();
  /** Whether a thread is followed, as far as it is known. */
  const known = new Map<MessageId, boolean>();
  /** All that are followed are known. */
  let isAllKnown = false;
  let asking: Promise<void> | null = null;
  const recent = new Map<RoomId, RoomEvent[]>();
  const summaries = threadSummaries();
  const keepView = keepIdentity<CoreTimelineView>();
  const keepThread = keepIdentity<ThreadView>();
  const marking = new Set<MessageId>();
  let list: ThreadsList = { threads: null, hasMore: false };
  let before: string | null = null;
  let version = 0;

  routes.get_thread = 'GET /api/messages/{message_id}/thread';
  routes.get_threads = 'GET /api/threads';
  routes.follow_thread = 'PUT /api/messages/{message_id}/follow';
  routes.unfollow_thread = 'DELETE /api/messages/{message_id}/follow';
  routes.mark_thread_read = 'PUT /api/messages/{message_id}/thread/read';
  routes.mark_read = 'PUT /api/rooms/{room_id}/read';

  replica.rooms.rules = threadRows(replica.rooms.rules, {
    rooms: replica.rooms,
    me: () => replica.user?.id,
    follows: (root) => known.get(root) ?? (isAllKnown ? false : undefined),
    ask: (roomId, root) => void ask(roomId, root),
  });

  /** Finds out what is followed: the newest at once, another thread by itself. */
  async function ask(roomId: RoomId, root: MessageId): Promise<void> {
    try {
      asking ??= run('get_threads', { limit: KNOWN }).then(({ result }) => {
        for (const thread of result.threads) known.set(thread.root.id, true);
        isAllKnown = !result.has_more;
      });
      await asking;
      if (!known.has(root) && !isAllKnown) {
        known.set(root, (await run('get_thread', { message_id: root, limit: 1 })).result.following);
      }
    } catch {
      asking = null; // the next reply asks again; the count is right after the next list
    }
    if (known.get(root)) refreshSoon();
    touch(roomId);
  }

  function forget(): void {
    known.clear();
    isAllKnown = false;
    asking = null;
  }

  // ── one thread ────────────────────────────────────────────────────────────────────────────

  async function load(root: MessageId, it: Held, kind: LoadKind, bounds: object): Promise<void> {
    const started: Load = { kind };
    it.timeline = beginLoad(it.timeline, started);
    touch(it.roomId);
    try {
      const { result } = await run('get_thread', { message_id: root, limit: PAGE, ...bounds });
      const isNewest = !('around' in bounds) || result.messages.at(-1)?.seq === result.as_of_seq;
      it.timeline = applyPage(it.timeline, started, result, isNewest);
      Object.assign(it, { root: result.root, following: result.following });
      it.readSeq = Math.max(it.readSeq, result.read_seq);
      known.set(root, result.following);
    } catch (cause) {
      const { code, detail } = cause as ChatError;
      it.timeline = failLoad(it.timeline, started, { code, detail });
    }
    touch(it.roomId);
  }

  const reload = (root: MessageId, it: Held): Promise<void> => load(root, it, 'initial', {});

  async function loadMore(root: MessageId, kind: 'older' | 'newer'): Promise<void> {
    const it = held.get(root);
    const edge = it?.timeline.messages.at(kind === 'older' ? 0 : -1)?.seq;
    const isThere = kind === 'older' ? it?.timeline.hasOlder : it?.timeline.hasNewer;
    if (!it || edge === undefined || it.timeline.load || !isThere) return;
    await load(root, it, kind, kind === 'older' ? { before: edge } : { after: edge });
  }

  function apply(event: RoomEvent): void {
    const events = [...(recent.get(event.room_id) ?? []), event].slice(-RECENT);
    recent.set(event.room_id, events);
    if ('message' in event) summaries.receive(event);
    for (const [root, it] of held) {
      if (it.roomId !== event.room_id) continue;
      if (event.type === 'message_created') {
        if (event.message.thread !== root) continue;
        it.timeline = applyEvent(it.timeline, event);
        // A change of it may have come before it.
        for (const each of events) if (each.type !== 'message_created') it.timeline = applyEvent(it.timeline, each);
      } else {
        it.timeline = applyEvent(it.timeline, event);
        if (it.root) it.root = rootAfter(it.root, event);
      }
    }
    touch(event.room_id);
  }

  function follow({ room_id, root, following, read_seq }: ThreadStateChanged): void {
    known.set(root, following);
    const it = held.get(root);
    if (it) Object.assign(it, { following, readSeq: Math.max(it.readSeq, read_seq) });
    touch(room_id);
  }

  function receive(frame: ServerFrame): void {
    if (frame.type === 'hello' && replica.isOther(frame.user)) {
      held.clear();
      list = { threads: null, hasMore: false };
    }
    if (frame.type === 'hello' && replica.epoch !== null && frame.epoch !== replica.epoch) {
      summaries.clear();
      recent.clear();
      for (const [root, it] of held) void reload(root, it);
    }
    if ('user_version' in frame && typeof frame.user_version === 'number') {
      const isNumbered = frame.type !== 'hello' && frame.type !== 'room_list' && frame.type !== 'ping';
      // A frame of the user's own was missed: it may have been about a thread.
      if (frame.user_version > version + (isNumbered ? 1 : 0)) forget();
      version = Math.max(version, frame.user_version);
    }
    if (frame.type === 'thread_state') follow(frame);
    if (frame.type === 'room_reset')
      for (const [root, it] of held) if (it.roomId === frame.room_id) void reload(root, it);
    if (frame.type === 'room_removed')
      for (const [root, it] of held) if (it.roomId === frame.room_id) held.delete(root);
    if ('at' in frame && 'seq' in frame) apply(frame);
  }

  onFrame.push(receive);
  onStored.push((message) => {
    const it = message.thread && held.get(message.thread);
    if (!it) return;
    const { room_id, seq, created_at: at } = message;
    it.timeline = applyEvent(it.timeline, { type: 'message_created', room_id, seq, at, message });
  });
  onRecovered.push(() => {
    for (const [root, it] of held) void reload(root, it);
  });

  async function sendMark(root: MessageId, it: Held): Promise<void> {
    const seq = it.markedSeq;
    try {
      await run('mark_thread_read', { message_id: root, seq });
    } catch (cause) {
      // What is tried in vain is marked by the next reply that is read.
      if (!(cause as ChatError).final) it.markedSeq = 0;
    }
    marking.delete(root);
    if (it.markedSeq > seq) mark(root, it);
    flush();
  }

  function mark(root: MessageId, it: Held): void {
    if (marking.has(root)) return;
    marking.add(root);
    env.clock.setTimeout(() => void sendMark(root, it), MARK_MS);
  }

  return {
    openThread(roomId, root, around) {
      const kept = held.get(root);
      const it = kept ?? { roomId, root: null, following: false, readSeq: 0, markedSeq: 0, timeline: EMPTY };
      held.set(root, it);
      return load(root, it, 'initial', around === undefined ? {} : { around });
    },
    closeThread(root) {
      held.delete(root);
    },
    getThread(roomId, root) {
      const it = held.get(root);
      const { messages, hasOlder, hasNewer, error, load: loading } = it?.timeline ?? EMPTY;
      const view: ThreadView = {
        root: it?.root ? summaries.current(it.root) : null,
        messages,
        hasOlder,
        hasNewer,
        error,
        isLoading: loading !== null,
        following: it?.following ?? false,
        readSeq: Math.max(it?.readSeq ?? 0, it?.markedSeq ?? 0),
        // Of the chat as it is now: features that came later may add to them.
        pending: pendingOf(chat.getTimeline(roomId).pending, root),
      };
      return keepThread(view, root);
    },
    loadOlderReplies: (root) => loadMore(root, 'older'),
    loadNewerReplies: (root) => loadMore(root, 'newer'),
    sendReply: (roomId, root, content, { replyTo = null, inRoom = false, attachments = [], draft_rev } = {}) =>
      sendChatMessage(roomId, content, replyTo, {
        attachments,
        inThread: { thread: root, in_room: inRoom, ...(draft_rev !== undefined && { draft_rev }) },
      }),
    async followThread(root, on) {
      checkOnline(core);
      const { method, result } = await run(on ? 'follow_thread' : 'unfollow_thread', { message_id: root });
      const { following, read_seq } = result.thread;
      const it = held.get(root);
      known.set(root, following);
      if (it) Object.assign(it, { following, readSeq: Math.max(it.readSeq, read_seq) });
      flush(method);
      touch(it?.roomId);
    },
    markThreadRead(root, seq) {
      const it = held.get(root);
      if (!it || seq <= Math.max(it.readSeq, it.markedSeq)) return;
      it.markedSeq = seq;
      mark(root, it);
    },
    async markAllRead(roomId) {
      checkOnline(core);
      const seq = replica.rooms.get(roomId)?.seq ?? 0;
      const { method, result } = await run('mark_read', { room_id: roomId, seq, threads: true });
      if (replica.rooms.rules.read({ type: 'read_state', user_version: 0, room_id: roomId, ...result })) refreshSoon();
      flush(method);
    },
    async loadThreads({ unread = false, more = false }) {
      const from = more && before !== null ? { before } : {};
      const { method, result } = await run('get_threads', { unread, limit: PAGE, ...from });
      const earlier = more ? (list.threads ?? []) : [];
      for (const { root, following } of result.threads) known.set(root.id, following);
      list = { threads: [...earlier, ...result.threads], hasMore: result.has_more };
      ({ before } = result);
      flush(method);
    },
    getThreads: () => list,
    getTimeline(roomId) {
      const view = getTimeline(roomId);
      return keepView({ ...view, messages: view.messages.map(summaries.current) }, roomId);
    },
  };
}

const pendingOf = (pending: readonly PendingMessage[], root: MessageId): readonly PendingMessage[] =>
  pending.filter(({ inThread }) => inThread?.thread === root);

/** The first message of a thread after an event of its room. */
function rootAfter(root: Message, event: RoomEvent): Message {
  const { messages } = applyEvent({ ...EMPTY, messages: [root] }, event);
  return messages[0] ?? root;
}

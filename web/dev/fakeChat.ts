import {
  type Chat,
  ChatError,
  type CommandName,
  type Connection,
  type Message,
  type PendingMessage,
  type Room,
  type RoomId,
  type Snapshot,
  type TimelineView,
} from '@backchannel/client';
import { demoRooms, everybody, me, message } from './demo.ts';

/** A `Chat` without a server: everything happens in this tab. For the story page and for component tests. */
export interface FakeChat extends Chat {
  /** A message by somebody else, as if it had just come. */
  receive(roomId: RoomId, from: number, content: string): void;
  setTypingOf(roomId: RoomId, ids: number[]): void;
  setConnection(connection: Partial<Connection>): void;
  /** From now on sends stay queued, fail, or go through. */
  sends: 'go' | 'wait' | 'fail';
  /** How long loading takes. */
  latency_ms: number;
}

const PAGE = 40;
/** Small, so that trimming is met after a few pages. */
const HELD = 160;
const EMPTY: Snapshot = {
  connection: {
    status: 'connected',
    transport: 'websocket',
    reason: null,
    retryAt: null,
    waiting: 0,
    lastHeardAt: Date.now(),
  },
  user: me,
  limits: null,
  rooms: [],
  roomsLoaded: false,
  unreadCounts: {},
  totalUnreadCount: 0,
  presence: { 1: 'online', 2: 'online', 3: 'online', 5: 'away', 7: 'online' },
  typing: {},
  notifications: [],
  outbox: { waiting: 0, failed: 0, durable: true },
};

export function createFakeChat({ empty = false, loadsNever = false } = {}): FakeChat {
  const demo = empty ? { rooms: [], logs: new Map<number, Message[]>() } : demoRooms();
  const logs = demo.logs;
  const views = new Map<RoomId, TimelineView>();
  const listeners = new Set<() => void>();
  const viewListeners = new Map<RoomId, Set<() => void>>();
  let snapshot: Snapshot = EMPTY;

  const set = (change: Partial<Snapshot>) => {
    snapshot = { ...snapshot, ...change };
    const rooms = snapshot.rooms;
    snapshot = { ...snapshot, totalUnreadCount: rooms.reduce((sum, room) => sum + room.unread_count, 0) };
    for (const listener of listeners) listener();
  };
  const blank = (roomId: RoomId): TimelineView => ({
    roomId,
    messages: [],
    pending: [],
    hasOlder: true,
    hasNewer: false,
    loading: 'initial',
    error: null,
    firstUnreadSeq: null,
  });
  const view = (roomId: RoomId) =>
    views.get(roomId) ?? (views.set(roomId, blank(roomId)), views.get(roomId) as TimelineView);
  const setView = (roomId: RoomId, change: Partial<TimelineView>) => {
    views.set(roomId, { ...view(roomId), ...change });
    for (const listener of viewListeners.get(roomId) ?? []) listener();
  };
  const setRoom = (id: RoomId, change: Partial<Room>) =>
    set({ rooms: snapshot.rooms.map((room) => (room.id === id ? { ...room, ...change } : room)) });
  const later = () => new Promise((resolve) => setTimeout(resolve, fake.latency_ms));
  const log = (roomId: RoomId) => logs.get(roomId) ?? (logs.set(roomId, []), logs.get(roomId) as Message[]);

  const append = (made: Message) => {
    log(made.room_id).push(made);
    const now = view(made.room_id);
    if (!now.hasNewer)
      setView(made.room_id, {
        messages: [...now.messages, made],
        pending: now.pending.filter((each) => each.id !== made.id),
      });
    const room = snapshot.rooms.find((each) => each.id === made.room_id);
    setRoom(made.room_id, {
      seq: made.seq,
      last_message: { id: made.id, sender: made.sender, content: made.content, timestamp: made.created_at },
      ...(made.sender.id !== me.id && { unread_count: (room?.unread_count ?? 0) + 1 }),
    });
  };
  const replace = (made: Message) => {
    const all = log(made.room_id);
    const at = all.findIndex((each) => each.id === made.id);
    if (at >= 0) all[at] = made;
    setView(made.room_id, { messages: view(made.room_id).messages.map((each) => (each.id === made.id ? made : each)) });
    return { message: made };
  };
  const find = (id: string) => [...logs.values()].flat().find((each) => each.id === id) as Message;
  const countOutbox = () => {
    const pending = [...views.values()].flatMap((each) => each.pending);
    const failed = pending.filter((each) => each.state === 'failed').length;
    const waiting = pending.length - failed;
    set({ outbox: { ...snapshot.outbox, failed, waiting }, connection: { ...snapshot.connection, waiting } });
  };
  const setPending = (roomId: RoomId, pending: readonly PendingMessage[]) => {
    setView(roomId, { pending });
    countOutbox();
  };
  const deliver = async (pending: PendingMessage) => {
    await later();
    if (fake.sends === 'wait') return;
    const { roomId } = pending;
    if (fake.sends === 'fail') {
      const error = { code: 'rate_limited', status: 429, detail: 'Too many messages at once.' };
      setPending(
        roomId,
        view(roomId).pending.map((each) => (each.id === pending.id ? { ...each, state: 'failed', error } : each)),
      );
      return;
    }
    const answered = pending.replyTo === null ? undefined : find(pending.replyTo);
    const seq = (log(roomId).at(-1)?.seq ?? 0) + 1;
    const reply_to = answered
      ? { id: answered.id, seq: answered.seq, sender: answered.sender, excerpt: answered.content }
      : null;
    append({ ...message(roomId, seq, me, pending.content, pending.createdAt, { reply_to }), id: pending.id });
    countOutbox();
  };

  const commands: Partial<Record<CommandName, (fields: never) => unknown>> = {
    get_people: ({ query = '' }: { query?: string }) => ({
      people: everybody.filter((user) =>
        `${user.username} ${user.display_name}`.toLowerCase().includes(query.toLowerCase()),
      ),
    }),
    get_channels: ({ query = '' }: { query?: string }) => ({
      channels: [
        ...snapshot.rooms
          .filter((room) => room.kind === 'channel')
          .map((room) => ({ ...room, name: room.name ?? '', joined: true })),
        {
          id: 90,
          name: 'field-notes',
          topic: 'What customers say when nobody sells them anything',
          member_count: 12,
          joined: false,
        },
        { id: 91, name: 'plants', topic: '', member_count: 3, joined: false },
      ].filter((channel) => channel.name.includes(query)),
    }),
    get_members: ({ room_id }: { room_id: number }) => ({
      members: (snapshot.rooms.find((room) => room.id === room_id)?.members ?? []).map((user) => ({
        ...user,
        role: user.id === 1 ? 'owner' : 'member',
      })),
      has_more: false,
    }),
    edit_message: ({ message_id, content }: { message_id: string; content: string }) =>
      replace({ ...find(message_id), content, edited_at: new Date().toISOString() }),
    delete_message: ({ message_id }: { message_id: string }) =>
      replace({ ...find(message_id), content: '', deleted: true }),
    add_reaction: ({ message_id, emoji }: { message_id: string; emoji: string }) =>
      replace(react(find(message_id), emoji, true)),
    remove_reaction: ({ message_id, emoji }: { message_id: string; emoji: string }) =>
      replace(react(find(message_id), emoji, false)),
    update_room: ({ room_id, ...change }: { room_id: number; name?: string; topic?: string }) => {
      setRoom(room_id, change);
      return { room: snapshot.rooms.find((room) => room.id === room_id) };
    },
    leave_room: ({ room_id }: { room_id: number }) => {
      set({ rooms: snapshot.rooms.filter((room) => room.id !== room_id) });
      return {};
    },
  };

  const fake: FakeChat = {
    sends: 'go',
    latency_ms: 250,
    connect() {
      if (!loadsNever) void later().then(() => set({ rooms: demo.rooms, roomsLoaded: true }));
    },
    disconnect: async () => undefined,
    retryNow: () => undefined,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getSnapshot: () => snapshot,
    subscribeTimeline(roomId, listener) {
      const all = viewListeners.get(roomId) ?? new Set();
      viewListeners.set(roomId, all.add(listener));
      return () => all.delete(listener);
    },
    getTimeline: view,
    async sendChatMessage(roomId, content, replyTo = null) {
      const pending: PendingMessage = {
        id: crypto.randomUUID(),
        roomId,
        content,
        replyTo,
        attachments: [],
        createdAt: Date.now(),
        state: 'sending',
        error: null,
      };
      setPending(roomId, [...view(roomId).pending, pending]);
      await deliver(pending);
      return { method: 'websocket', message: find(pending.id) };
    },
    refreshRoomList: async () => ({ method: 'websocket', rooms: snapshot.rooms }),
    async command(type, fields) {
      await later();
      const run = commands[type];
      if (!run) throw new ChatError({ code: 'forbidden', status: 403, detail: `The story page has no ${type}.` });
      return run(fields as never) as never;
    },
    async openRoom(roomId, at) {
      setView(roomId, { loading: 'initial' });
      await later();
      const all = log(roomId);
      const room = snapshot.rooms.find((each) => each.id === roomId);
      const middle =
        at?.around === undefined ? all.length : all.findIndex((each) => each.seq >= (at.around ?? 0)) + PAGE / 2;
      const end = Math.min(all.length, middle);
      const start = Math.max(0, end - PAGE);
      setView(roomId, {
        messages: all.slice(start, end),
        loading: null,
        hasOlder: start > 0,
        hasNewer: end < all.length,
        firstUnreadSeq: room && room.unread_count > 0 ? room.read_seq + 1 : view(roomId).firstUnreadSeq,
      });
    },
    closeRoom: () => undefined,
    async loadOlder(roomId) {
      if (view(roomId).loading !== null) return;
      setView(roomId, { loading: 'older' });
      await later();
      const all = log(roomId);
      const start = all.findIndex((each) => each.id === view(roomId).messages[0]?.id);
      const from = Math.max(0, start - PAGE);
      setView(roomId, {
        messages: [...all.slice(from, start), ...view(roomId).messages].slice(0, HELD),
        loading: null,
        hasOlder: from > 0,
        hasNewer: view(roomId).hasNewer || start - from + view(roomId).messages.length > HELD,
      });
    },
    async loadNewer(roomId) {
      if (view(roomId).loading !== null) return;
      setView(roomId, { loading: 'newer' });
      await later();
      const all = log(roomId);
      const end = all.findIndex((each) => each.id === view(roomId).messages.at(-1)?.id) + 1;
      setView(roomId, {
        messages: [...view(roomId).messages, ...all.slice(end, end + PAGE)].slice(-HELD),
        hasOlder: true,
        loading: null,
        hasNewer: end + PAGE < all.length,
      });
    },
    jumpToLatest: (roomId) => fake.openRoom(roomId),
    retry(id) {
      for (const each of views.values()) {
        const pending = each.pending.find((message) => message.id === id);
        if (!pending) continue;
        const again: PendingMessage = { ...pending, state: 'sending', error: null };
        setPending(
          each.roomId,
          each.pending.map((message) => (message.id === id ? again : message)),
        );
        void deliver(again);
      }
    },
    discard(id) {
      for (const each of [...views.values()])
        setPending(
          each.roomId,
          each.pending.filter((message) => message.id !== id),
        );
    },
    retryAll(roomId) {
      for (const each of [...views.values()]) {
        if (roomId === undefined || each.roomId === roomId) for (const message of each.pending) fake.retry(message.id);
      }
    },
    discardAll(roomId) {
      for (const each of [...views.values()])
        if (roomId === undefined || each.roomId === roomId) setPending(each.roomId, []);
    },
    markRead: (roomId, seq) => setRoom(roomId, { read_seq: seq, unread_count: 0, mention_count: 0 }),
    setTyping: () => undefined,
    setPresence: () => undefined,
    receive(roomId, from, content) {
      const sender = everybody.find((user) => user.id === from) ?? me;
      append(message(roomId, (log(roomId).at(-1)?.seq ?? 0) + 1, sender, content, Date.now()));
    },
    setTypingOf: (roomId, ids) => set({ typing: { ...snapshot.typing, [roomId]: ids } }),
    setConnection: (connection) => set({ connection: { ...snapshot.connection, ...connection } }),
  };
  return fake;
}

function react(to: Message, emoji: string, add: boolean): Message {
  const others = to.reactions.filter((reaction) => reaction.emoji !== emoji);
  const ids = (to.reactions.find((reaction) => reaction.emoji === emoji)?.user_ids ?? []).filter((id) => id !== me.id);
  const now = add ? [...ids, me.id] : ids;
  const at = to.reactions.findIndex((reaction) => reaction.emoji === emoji);
  if (now.length === 0) return { ...to, reactions: others };
  const made = { emoji, count: now.length, user_ids: now };
  return {
    ...to,
    reactions: at < 0 ? [...to.reactions, made] : to.reactions.map((each, index) => (index === at ? made : each)),
  };
}

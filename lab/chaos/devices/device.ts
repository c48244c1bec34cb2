/**
 * One device of one person on the real client: it sends, edits, deletes, reacts, reads, leaves and joins rooms as its random
 * generator says, and records what it asked for and what it showed.
 */
import type { Chat, Message, Room, RoomId } from '@backchannel/client';
import { COMMANDS } from '@backchannel/client/commands';
import { createFullChat } from '@backchannel/client/full';
import { ManualHostEvents } from './hostEvents.ts';
import { outboxFile } from './outboxFile.ts';
import { Recorder, type Note } from './recorder.ts';

export interface Role {
  readonly name: string;
  readonly baseUrl: string;
  readonly token: string;
  readonly userId: number;
  /** The file that its outbox is kept in. */
  readonly outbox: string;
  /** Sockets with a header, as programs do, or with a ticket, as pages of another origin do. */
  readonly opensWith: 'header' | 'ticket';
}

/** The share of each act; all others are messages. */
const EDIT = 0.03;
const DELETE = 0.02;
const REACT = 0.06;
const READ = 0.12;
const MOVE = 0.004;
/** Messages on a screen. */
const SCREEN = 30;
const EMOJI = ['👍', '🎉', '👀'];

export class Device {
  readonly #role: Role;
  readonly #note: Note;
  readonly #random: () => number;
  readonly #pause_ms: number;
  readonly #label: string;
  readonly #chat: Chat;
  readonly #host = new ManualHostEvents();
  readonly #watched = new Set<RoomId>();
  readonly #open = new Set<RoomId>();
  #quiet = false;

  /** @param generation how often this device was started before; keeps its texts unique. */
  constructor(role: Role, generation: number, pause_ms: number, random: () => number, note: Note) {
    this.#role = role;
    this.#random = random;
    this.#pause_ms = pause_ms;
    this.#label = generation === 0 ? role.name : `${role.name}.${generation}`;
    this.#note = (op, fields) => note(op, { client: role.name, user: role.userId, ...fields });
    const recorder = new Recorder(this.#label, this.#note);
    this.#chat = createFullChat({
      baseUrl: role.baseUrl,
      auth: { kind: 'bearer', token: role.token },
      client: { name: 'chaos', version: '1' },
      commands: COMMANDS,
      fetch: recorder.fetch,
      WebSocket: recorder.WebSocket,
      webSocketAcceptsHeaders: role.opensWith === 'header',
      storage: outboxFile(
        role.outbox,
        ({ roomId: room, id, content }) => this.#note('send', { room, id, content }),
        ({ roomId: room, id, error }) => this.#note('refused', { room, id, code: error?.code }),
      ),
      random,
      events: this.#host,
    });
    this.#chat.subscribe(() => this.#look());
  }

  start(): void {
    this.#chat.connect();
    void this.#live();
  }

  wake(): void {
    this.#host.emit('wake');
  }

  stopTalking(): void {
    this.#quiet = true;
  }

  /** What is shown, in short. */
  status(): object {
    const { connection, rooms, outbox } = this.#chat.getSnapshot();
    return {
      name: this.#role.name,
      user: this.#role.userId,
      status: connection.status,
      reason: connection.reason,
      transport: connection.transport,
      waiting: outbox.waiting,
      rooms: Object.fromEntries(rooms.map((room) => [room.id, this.#progress(room)])),
    };
  }

  /** Records everything that is shown. */
  view(): void {
    const rooms = this.#chat.getSnapshot().rooms.map((room) => {
      const { messages, hasOlder } = this.#chat.getTimeline(room.id);
      const since = hasOlder ? (messages[0]?.seq ?? 0) : 0;
      const { seq: cursor, read_seq, unread_count: unread } = room;
      return [room.id, { cursor, since, read_seq, unread, messages: messages.map(shown) }] as const;
    });
    this.#note('view', { rooms: Object.fromEntries(rooms) });
  }

  // ── private ───────────────────────────────────────────────────────────────────────────────

  #progress(room: Room): object {
    const { messages, hasNewer, loading, error } = this.#chat.getTimeline(room.id);
    return {
      head: room.seq,
      read_seq: room.read_seq,
      unread: room.unread_count,
      newest: messages.at(-1)?.seq ?? 0,
      loaded: !hasNewer && loading === null && error === null,
    };
  }

  async #live(): Promise<void> {
    for (let n = 1; !this.#quiet; n++) {
      const rooms = this.#chat.getSnapshot().rooms;
      const room = this.#pick(rooms);
      if (room) this.#act(room, n);
      await new Promise((resolve) => setTimeout(resolve, this.#pause_ms * (0.5 + this.#random())));
    }
  }

  #act(room: Room, n: number): void {
    const screen = this.#chat.getTimeline(room.id).messages.slice(-SCREEN);
    const living = screen.filter((message) => !message.deleted);
    const mine = living.filter((message) => message.sender.id === this.#role.userId);
    let drawn = this.#random();
    const falls = (weight: number): boolean => (drawn -= weight) < 0;
    if (falls(EDIT)) return this.#edit(this.#pick(mine), n);
    if (falls(DELETE)) return this.#delete(this.#pick(mine));
    if (falls(REACT)) return this.#react(this.#pick(living));
    if (falls(READ)) return this.#read(room, screen);
    if (falls(MOVE)) return this.#move(room);
    const quoted = this.#random() < 0.1 ? this.#pick(living) : undefined;
    return this.#send(room.id, `${this.#label} ${n}`, quoted?.id ?? null);
  }

  #send(room: RoomId, content: string, replyTo: string | null): void {
    const sent = this.#chat.sendChatMessage(room, content, replyTo);
    const written = this.#chat.getTimeline(room).pending.find((message) => message.content === content);
    if (!written) return this.#note('fault', { detail: `${content} is not shown as waiting` });
    const { id } = written;
    sent.then(
      () => this.#note('sent', { room, id }),
      () => {}, // the outbox reports it
    );
  }

  #edit(message: Message | undefined, n: number): void {
    if (message) this.#do('edit_message', { message_id: message.id, content: `${this.#label} ${n}, edited` });
  }

  #delete(message: Message | undefined): void {
    if (message) this.#do('delete_message', { message_id: message.id });
  }

  #react(message: Message | undefined): void {
    if (!message) return;
    const word = this.#random() < 0.7 ? 'add_reaction' : 'remove_reaction';
    this.#do(word, { message_id: message.id, emoji: this.#pick(EMOJI) ?? '👍' });
  }

  #read(room: Room, screen: readonly Message[]): void {
    const upTo = this.#pick(screen);
    if (upTo) this.#chat.markRead(room.id, upTo.seq);
  }

  /** Leave a channel, and come back a little later. */
  #move(room: Room): void {
    if (room.kind !== 'channel') return;
    this.#do('leave_room', { room_id: room.id });
    setTimeout(() => this.#do('join_room', { room_id: room.id }), this.#pause_ms * 10);
  }

  /** The result is seen in the log; a failure needs no handling. */
  #do(word: Parameters<Chat['command']>[0], fields: object): void {
    this.#note('do', { word, ...fields });
    this.#chat.command(word, fields as never).catch(() => {});
  }

  /** Open new rooms, forget removed ones, and watch each timeline: no state of it may show something twice or out of order. */
  #look(): void {
    const rooms = new Set(this.#chat.getSnapshot().rooms.map(({ id }) => id));
    for (const id of this.#open) if (!rooms.has(id)) this.#open.delete(id);
    for (const id of rooms) {
      if (this.#open.has(id)) continue;
      this.#open.add(id);
      if (!this.#watched.has(id)) this.#chat.subscribeTimeline(id, () => this.#check(id));
      this.#watched.add(id);
      void this.#chat.openRoom(id);
    }
  }

  #check(room: RoomId): void {
    const { messages, pending } = this.#chat.getTimeline(room);
    const ids = new Set([...messages, ...pending].map(({ id }) => id));
    if (ids.size !== messages.length + pending.length) this.#wrong(room, 'something twice');
    if (messages.some(({ seq }, at) => seq <= (messages[at - 1]?.seq ?? 0))) this.#wrong(room, 'its order wrong');
  }

  #wrong(room: RoomId, what: string): void {
    this.#note('fault', { detail: `${this.#role.name} shows in room ${room} ${what}` });
  }

  #pick<T>(choices: readonly T[]): T | undefined {
    return choices[Math.floor(this.#random() * choices.length)];
  }
}

const shown = ({ seq, id, sender, content, deleted, rev_seq, reactions }: Message): object => ({
  seq,
  id,
  sender: sender.id,
  content,
  deleted,
  rev_seq,
  reactions: reactions.map(({ emoji, user_ids }) => [emoji, user_ids]),
});

/**
 * Threads of the server in memory: who follows which, and what is unread there. Counted again each time.
 */
import type { Message, MessageId, Seq, UserId } from '../protocol.gen.ts';
import { Refusal } from './answers.ts';
import type { MemoryRoom } from './memoryRoom.ts';

interface Follow {
  following: boolean | null;
  from: Seq;
  read: Seq;
}

const CAP = 100;

export class MemoryThreads {
  readonly #follows = new Map<string, Follow>();
  /** User and room → up to where all threads are read. */
  readonly #read = new Map<string, Seq>();

  of(userId: UserId, root: MessageId): Follow {
    const key = `${userId} ${root}`;
    const held = this.#follows.get(key) ?? { following: null, from: 0, read: 0 };
    this.#follows.set(key, held);
    return held;
  }

  /** What a reply brings about: the summary of its root, and who follows by it. Returns those who begin to. */
  replied(room: MemoryRoom, reply: Message): UserId[] {
    const root = this.root(room, reply.thread as MessageId);
    const before = root.thread_summary;
    const began: UserId[] = [];
    const follow = (userId: UserId, from: Seq) => {
      const held = this.of(userId, root.id);
      if (held.following !== null || !room.members.has(userId)) return;
      Object.assign(held, { following: true, from });
      began.push(userId);
    };
    if (!before) for (const id of [root.sender.id, ...root.mentions]) follow(id, root.seq - 1);
    follow(reply.sender.id, reply.seq);
    for (const id of reply.mentions) follow(id, reply.seq - 1);
    const people = [reply.sender.id, ...(before?.people ?? []).filter((id) => id !== reply.sender.id)].slice(0, 5);
    const thread_summary = { count: (before?.count ?? 0) + 1, people, last_at: reply.created_at, rev: reply.seq };
    room.messages.set(root.id, { ...root, thread_summary });
    return began;
  }

  /** A reply was deleted by event `rev`. */
  deleted(room: MemoryRoom, reply: Message, rev: Seq): void {
    const root = this.root(room, reply.thread as MessageId);
    const summary = root.thread_summary;
    if (summary) room.messages.set(root.id, { ...root, thread_summary: { ...summary, count: summary.count - 1, rev } });
  }

  /** @throws Refusal */
  root(room: MemoryRoom, id: MessageId): Message {
    const root = room.messages.get(id);
    if (!root || root.thread || room.kind === 'direct') throw new Refusal('invalid');
    return root;
  }

  replies(room: MemoryRoom, root: MessageId): Message[] {
    return [...room.messages.values()].filter(({ thread }) => thread === root);
  }

  state(room: MemoryRoom, userId: UserId, root: MessageId) {
    const { following, from, read } = this.of(userId, root);
    const mark = Math.max(from, read, this.#read.get(`${userId} ${room.id}`) ?? 0);
    const roomMark = room.members.get(userId)?.read ?? 0;
    const unread = this.replies(room, root).filter(
      (m) => following && m.seq > mark && m.sender.id !== userId && !m.deleted && (!m.in_room || m.seq > roomMark),
    );
    const unread_count = Math.min(CAP, unread.length);
    const mention_count = Math.min(CAP, unread.filter((m) => m.mentions.includes(userId)).length);
    return { following: following === true, read_seq: mark, unread_count, mention_count };
  }

  /** The threads that the user follows in the room, the newest reply first. */
  followed(room: MemoryRoom, userId: UserId) {
    const newest = (root: Message): string => root.thread_summary?.last_at ?? root.created_at;
    return [...room.messages.values()]
      .filter(({ id, thread }) => !thread && this.of(userId, id).following)
      .sort((a, b) => newest(b).localeCompare(newest(a)) || b.seq - a.seq)
      .map((root) => Object.assign({ root }, this.state(room, userId, root.id)));
  }

  /** The sums over a room. */
  counts(room: MemoryRoom, userId: UserId) {
    const followed = this.followed(room, userId);
    const sum = (name: 'unread_count' | 'mention_count') =>
      Math.min(
        CAP,
        followed.reduce((all, thread) => all + thread[name], 0),
      );
    return { thread_unread_count: sum('unread_count'), thread_mention_count: sum('mention_count') };
  }

  readAll(room: MemoryRoom, userId: UserId, seq: Seq): boolean {
    const key = `${userId} ${room.id}`;
    if (seq <= (this.#read.get(key) ?? 0)) return false;
    this.#read.set(key, seq);
    return true;
  }
}

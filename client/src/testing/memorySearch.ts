/**
 * `search` of the server in memory: every message is looked at, and pages are counted. The order `best` is that of `newest`.
 */
import type { Message, RoomId, SearchResult, User } from '../protocol.gen.ts';
import { asksForSomething, matchWords } from '../search/matching.ts';
import { type FilterPart, parseQuery } from '../search/query.ts';
import { foldText } from '../search/words.ts';
import { Refusal } from './answers.ts';
import type { MemoryRoom } from './memoryRoom.ts';

interface Fields {
  readonly query?: string;
  readonly before?: string;
  /** As text out of a query string. */
  readonly limit?: number | string;
}

const LIMIT = 20;
const LINK = /https?:\/\/[^\s/]/i;

/** `rooms`: those of the reader, and of these the one that is asked for. @throws Refusal */
export function searchRooms(rooms: readonly MemoryRoom[], reader: User, f: Fields): SearchResult {
  const { query = '' } = f;
  const start = f.before === undefined ? 0 : Number(/^after-(\d+)$/.exec(f.before)?.[1] ?? Number.NaN);
  if (Number.isNaN(start)) throw new Refusal('invalid');
  const parts = parseQuery(query);
  const filters = parts.filter((part) => part.kind === 'filter');
  const hits = !asksForSomething(query)
    ? []
    : rooms.flatMap((room) =>
        [...room.messages.values()].flatMap((message) => {
          // Of the filters of one name any will do.
          const passes = filters.every(({ name }) =>
            filters.some((filter) => filter.name === name && holds(filter, message, room, reader)),
          );
          const ranges = message.deleted || !passes ? null : matchWords(parts, message.content);
          return ranges ? [{ message, ranges }] : [];
        }),
      );
  hits.sort(({ message: a }, { message: b }) => byPlace(b, a));
  const end = start + Number(f.limit ?? LIMIT);
  const has_more = end < hits.length;
  return {
    hits: hits.slice(start, end),
    has_more,
    before: has_more ? `after-${end}` : null,
    partial: false,
    behind: 0,
  };
}

function holds({ name, text }: FilterPart, message: Message, room: MemoryRoom, reader: User): boolean {
  const { sender } = message;
  const day = message.created_at.slice(0, 10);
  switch (name) {
    case 'from': {
      const names = [sender.username, sender.display_name].map(foldText);
      return names.includes(text.replace(/^@/, '')) || (text === 'me' && sender.id === reader.id);
    }
    case 'in':
      return room.name !== null && foldText(room.name) === text.replace(/^#/, '');
    case 'has': {
      const images = message.attachments.filter(({ content_type }) => content_type.startsWith('image/'));
      return (
        (text === 'link' && LINK.test(message.content)) ||
        (text === 'file' && message.attachments.length > 0) ||
        (text === 'image' && images.length > 0)
      );
    }
    case 'is':
      return (
        (text === 'dm' && room.kind === 'direct') ||
        (text === 'thread' && !!message.thread) ||
        (text === 'pinned' && message.pinned)
      );
    default:
      if (!isDate(text)) return false;
      return name === 'before' ? day < text : name === 'after' ? day > text : day === text;
  }
}

function isDate(text: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function byPlace(a: Message, b: Message): number {
  const byTime = a.created_at < b.created_at ? -1 : Number(a.created_at > b.created_at);
  return byTime || order(a.room_id, b.room_id) || a.seq - b.seq;
}

const order = (a: RoomId, b: RoomId): number => a - b;

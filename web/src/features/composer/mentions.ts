import type { User } from '@backchannel/client';
import { fuzzyFilter } from '../../ui/fuzzy.ts';
import { nameOf } from '../../ui/names.ts';

/** The @name being typed. */
export interface MentionQuery {
  /** The index of its `@`. */
  readonly from: number;
  /** The index of the caret. */
  readonly to: number;
  /** The text between the two. */
  readonly query: string;
}

/** Excludes an `@` within an address. Includes letters with combining marks (decomposed `é`, नमस्ते). */
const AT_WORD = /(?<![\p{L}\p{M}\p{N}_@./-])@([\p{L}\p{M}\p{N}._-]{0,40})$/u;

/** The mention being typed at the caret, or null. Inside code there are no mentions. */
export function mentionQueryAt(text: string, caret: number): MentionQuery | null {
  const before = text.slice(0, caret);
  // The longest query, its `@` and the character before it.
  const match = AT_WORD.exec(before.slice(-42));
  if (!match) return null;
  if ((before.split('`').length - 1) % 2 === 1) return null;
  const query = match[1] ?? '';
  return { from: caret - query.length - 1, to: caret, query };
}

/** The people who match, best first, without the user `without`. */
export function searchPeople(query: string, people: Iterable<User>, without: number): User[] {
  const all = [...new Map([...people].map((user) => [user.id, user])).values()].filter((user) => user.id !== without);
  return fuzzyFilter(query, all, (user) => [user.username, nameOf(user)]).slice(0, 8);
}

/** The text with the mention completed, and the new position of the caret. */
export function insertMention(text: string, at: MentionQuery, user: User): { text: string; caret: number } {
  const rest = text.slice(at.to);
  const name = `@${user.username}${rest.startsWith(' ') ? '' : ' '}`;
  return { text: text.slice(0, at.from) + name + rest, caret: at.from + name.length + (rest.startsWith(' ') ? 1 : 0) };
}

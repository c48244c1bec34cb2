import type { User } from '@backchannel/client';
import { fuzzyFilter } from '../../ui/fuzzy.ts';
import { nameOf } from '../../ui/names.ts';

/** The @name being typed: from its `@` to the caret. */
export interface MentionQuery {
  readonly from: number;
  readonly to: number;
  readonly query: string;
}

/** Not within an address. Letters may be written with their marks apart (`é` in two, नमस्ते). */
const AT_WORD = /(?<![\p{L}\p{M}\p{N}_@./-])@([\p{L}\p{M}\p{N}._-]{0,40})$/u;

/** What is being completed at the caret; null where nothing is. Inside code an @ is just an @. */
export function mentionQueryAt(text: string, caret: number): MentionQuery | null {
  const before = text.slice(0, caret);
  // The longest query, its @ and what stands before that.
  const match = AT_WORD.exec(before.slice(-42));
  if (!match) return null;
  if ((before.split('`').length - 1) % 2 === 1) return null;
  const query = match[1] ?? '';
  return { from: caret - query.length - 1, to: caret, query };
}

/** Who fits, best first; whoever is in `first` stands before equals. */
export function searchPeople(query: string, people: Iterable<User>, without: number): User[] {
  const all = [...new Map([...people].map((user) => [user.id, user])).values()].filter((user) => user.id !== without);
  return fuzzyFilter(query, all, (user) => [user.username, nameOf(user)]).slice(0, 8);
}

/** The text with the name in place of what was typed, and where the caret goes. */
export function insertMention(text: string, at: MentionQuery, user: User): { text: string; caret: number } {
  const rest = text.slice(at.to);
  const name = `@${user.username}${rest.startsWith(' ') ? '' : ' '}`;
  return { text: text.slice(0, at.from) + name + rest, caret: at.from + name.length + (rest.startsWith(' ') ? 1 : 0) };
}

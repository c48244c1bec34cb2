/** What a filter that is being typed can be completed to. */
import type { Room, User } from '@backchannel/client';
import { FILTERS, type FilterName } from '@backchannel/client/search/query';
import { fuzzyFilter } from '../../ui/fuzzy.ts';
import { cleanName, handleOf, nameOf } from '../../ui/names.ts';

/** The filter at the caret. */
export interface TypedFilter {
  readonly name: FilterName;
  /** What stands behind the colon, up to the caret. */
  readonly value: string;
  /** The place of the whole filter in the text. */
  readonly start: number;
  readonly end: number;
}

export interface Completion {
  /** Takes the place of the filter, such as `from:ada`. */
  readonly typed: string;
  readonly label: string;
  readonly hint: string;
}

const MOST = 8;
const TYPED = /(?:^|\s)([a-z]+):(?:"([^"]*)|([^\s"]*))$/i;
const DAY_MS = 86_400_000;

export function filterAt(text: string, caret: number): TypedFilter | null {
  const match = TYPED.exec(text.slice(0, caret));
  const name = FILTERS.find((each) => each === match?.[1]?.toLowerCase());
  if (!match || !name) return null;
  const start = match.index + match[0].length - match[0].trimStart().length;
  return { name, value: match[2] ?? match[3] ?? '', start, end: caret };
}

interface Known {
  readonly people: readonly User[];
  readonly rooms: readonly Room[];
  readonly me: User;
  /** ms since 1970. */
  readonly now: number;
}

export function completionsOf({ name, value }: TypedFilter, known: Known): Completion[] {
  const all = candidates(name, known);
  return fuzzyFilter(value, all, ({ label, hint, typed }) => [label, hint, typed.slice(name.length + 1)]).slice(
    0,
    MOST,
  );
}

function candidates(name: FilterName, { people, rooms, me, now }: Known): Completion[] {
  switch (name) {
    case 'from': {
      const others = people.filter(({ id }) => id !== me.id);
      return [
        { typed: 'from:me', label: 'Me', hint: handleOf(me) },
        ...others.map((user) => ({ typed: filter('from', user.username), label: nameOf(user), hint: handleOf(user) })),
      ];
    }
    case 'in':
      return rooms.flatMap((room) => {
        const label = cleanName(room.name ?? '');
        const kind = room.kind === 'channel' ? 'Channel' : 'Group';
        return label === '' ? [] : [{ typed: filter('in', label), label, hint: kind }];
      });
    case 'has':
      return [
        { typed: 'has:link', label: 'Link', hint: 'a web address' },
        { typed: 'has:file', label: 'File', hint: 'of any kind' },
        { typed: 'has:image', label: 'Image', hint: 'a picture' },
      ];
    case 'is':
      return [
        { typed: 'is:dm', label: 'Direct message', hint: 'between two people' },
        { typed: 'is:thread', label: 'Reply', hint: 'in a thread' },
        { typed: 'is:pinned', label: 'Pinned', hint: 'in its room' },
      ];
    default:
      return [
        ['Today', 0],
        ['Yesterday', 1],
        ['A week ago', 7],
        ['A month ago', 30],
        ['A year ago', 365],
      ].map(([label, days]) => {
        const day = new Date(now - Number(days) * DAY_MS).toISOString().slice(0, 10);
        return { typed: `${name}:${day}`, label: String(label), hint: day };
      });
  }
}

/** Quotation marks cannot be written within a value: the server compares without them. */
function filter(name: FilterName, value: string): string {
  const plain = value.replaceAll('"', ' ').trim();
  return /\s/.test(plain) ? `${name}:"${plain}"` : `${name}:${plain}`;
}

import type { Room, User } from '@backchannel/client';
import { parseQuery } from '@backchannel/client/search/query';
import { Search } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { attempt } from '../../app/runCommand.ts';
import { useChat, useChatState } from '../../app/chat.ts';
import { openSearch, typedAhead } from '../../app/panels.ts';
import { RoomName } from '../../app/RoomName.tsx';
import { namedAfter, otherMember, roomTitle, topicOf } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { cx } from '../../ui/classes.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { fuzzyFilter } from '../../ui/fuzzy.ts';
import { Name } from '../../ui/Name.tsx';
import { MOD } from '../../ui/keys.ts';
import { handleOf, isolated, nameOf } from '../../ui/names.ts';
import { useListbox } from '../../ui/useListbox.ts';
import { PersonIcon, RoomIcon } from './RoomIcon.tsx';
import { usePeopleSearch } from '../../app/usePeopleSearch.ts';

type Place = { readonly kind: 'room'; readonly room: Room } | { readonly kind: 'person'; readonly user: User };
/** Where to jump to, or the search of messages for what is typed. */
type Target = Place | { readonly kind: 'messages' };

const MAX_RESULTS = 12;
const MESSAGES: Target = { kind: 'messages' };

/**
 * Ctrl+K: finds any room or person by a few letters, or goes on to search messages. Without letters: unread rooms first,
 * then recent ones.
 */
export function Switcher({ current, onClose }: { readonly current: number | null; readonly onClose: () => void }) {
  const chat = useChat();
  const [, navigate] = useLocation();
  const me = useSignedIn().user.id;
  const rooms = useChatState((state) => state.rooms);
  const [query, setQuery] = useState(typedAhead.get);
  useEffect(() => () => typedAhead.set(''), []);
  const { people } = usePeopleSearch(query);

  const targets = useMemo(() => {
    const direct = new Set(
      rooms.filter((room) => room.kind === 'direct').flatMap((room) => room.members.map((m) => m.id)),
    );
    const order = rooms
      .filter((room) => room.id !== current)
      .sort(
        (a, b) =>
          Number(b.mention_count > 0) - Number(a.mention_count > 0) ||
          Number(b.unread_count > 0) - Number(a.unread_count > 0),
      );
    const otherPeople = query.trim() === '' ? [] : people.filter((user) => user.id !== me && !direct.has(user.id));
    // Ranked together: a person who matches comes before the groups they are in.
    const all: Place[] = [
      ...order.map((room) => ({ kind: 'room', room }) as const),
      ...otherPeople.map((user) => ({ kind: 'person', user }) as const),
    ];
    const found = fuzzyFilter(
      query,
      all,
      (target) => ownNames(target, me),
      (target) => memberNames(target, me),
    );
    // Keep people the server found by rules that the local match does not have.
    const rest = all.filter((target) => target.kind === 'person' && !found.includes(target));
    const places: Target[] = [...found, ...rest].slice(0, MAX_RESULTS);
    if (query.trim() === '') return places;
    const isForMessages = parseQuery(query).some((part) => part.kind !== 'word');
    return isForMessages ? [MESSAGES, ...places] : [...places, MESSAGES];
  }, [rooms, people, query, current, me]);

  const pick = (target: Target) => {
    if (target.kind === 'messages') return openSearch(query.trim(), null);
    onClose();
    if (target.kind === 'room') navigate(`/rooms/${target.room.id}`);
    else {
      void attempt(
        chat
          .command('create_room', { kind: 'direct', members: [target.user.id] })
          .then(({ room }) => navigate(`/rooms/${room.id}`)),
      );
    }
  };
  const list = useListbox({ items: targets, onPick: pick });

  return (
    <Dialog title="Jump to a room or person" bare onClose={onClose}>
      <div className="flex shrink-0 items-center gap-3 border-b border-line px-4">
        <Search className="size-4 shrink-0 text-ink-faint" aria-hidden="true" />
        <input
          {...list.inputProps}
          type="text"
          maxLength={100}
          spellCheck={false}
          autoComplete="off"
          aria-label="Jump to a room or person"
          placeholder="Jump to, or search for…"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => {
            const isChord = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
            if (isChord && query.trim() !== '') pick(MESSAGES);
            else list.onKeyDown(event);
          }}
          className="h-13 min-w-0 flex-1 bg-transparent text-lg outline-none"
        />
      </div>
      {targets.length === 0 ? (
        <p className="px-5 py-8 text-center text-ink-faint">Nothing is called “{isolated(query)}”.</p>
      ) : (
        <ul {...list.listProps} aria-label="Rooms and people" className="scroll-thin min-h-0 overflow-y-auto p-1.5">
          {targets.map((target, index) => (
            <li
              key={keyOf(target)}
              {...list.optionProps(index)}
              className="flex h-10 items-center gap-2.5 rounded-md px-2.5 [--dot-ground:var(--c-raised)] aria-selected:bg-hover aria-selected:[--dot-ground:var(--c-hover)]"
            >
              {target.kind === 'messages' ? (
                <MessagesOption query={query} />
              ) : (
                <>
                  {target.kind === 'room' ? <RoomIcon room={target.room} /> : <PersonIcon user={target.user} />}
                  <TargetText target={target} me={me} />
                </>
              )}
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}

const keyOf = (target: Target): string =>
  target.kind === 'messages' ? 'messages' : target.kind === 'room' ? `r${target.room.id}` : `p${target.user.id}`;

function MessagesOption({ query }: { readonly query: string }) {
  return (
    <>
      <Search className="mx-1.5 size-4 shrink-0 text-ink-faint" aria-hidden="true" />
      <span className="min-w-0 flex-1 truncate">
        Search messages for <bdi className="font-medium">{query.trim()}</bdi>
      </span>
      <kbd className="font-sans text-xs text-ink-faint pointer-coarse:hidden">{MOD} Enter</kbd>
    </>
  );
}

function TargetText({ target, me }: { readonly target: Place; readonly me: number }) {
  if (target.kind === 'person') {
    return (
      <span className="min-w-0 truncate">
        <Name of={target.user} /> <span className="text-ink-faint">{handleOf(target.user)}</span>
      </span>
    );
  }
  const { room } = target;
  return (
    <>
      <span className={cx('min-w-0 truncate', room.unread_count > 0 && 'font-semibold')}>
        <RoomName room={room} me={me} />
      </span>
      {room.kind !== 'direct' && <bdi className="min-w-0 flex-1 truncate text-xs text-ink-faint">{topicOf(room)}</bdi>}
      {room.unread_count > 0 && (
        <span
          className={cx(
            'tabular ml-auto text-xs',
            room.mention_count > 0 ? 'font-semibold text-ember' : 'text-ink-faint',
          )}
        >
          {room.unread_count} new
        </span>
      )}
    </>
  );
}

const namesOf = (user: User): string[] => [user.username, nameOf(user)];

/** Names of the target itself: of the person, of a direct room's other member, or of the room. */
function ownNames(target: Place, me: number): string[] {
  if (target.kind === 'person') return namesOf(target.user);
  const other = otherMember(target.room, me);
  if (other) return namesOf(other);
  return namedAfter(target.room, me).length > 0 ? [] : [roomTitle(target.room, me)];
}

/** Names of a group's members, which match with a lower rank. */
function memberNames(target: Place, me: number): string[] {
  if (target.kind === 'person' || target.room.kind !== 'group') return [];
  return [roomTitle(target.room, me), ...target.room.members.filter(({ id }) => id !== me).flatMap(namesOf)];
}

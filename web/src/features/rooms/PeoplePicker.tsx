import type { User, UserId } from '@backchannel/client';
import { X } from 'lucide-react';
import { useMemo, useState } from 'react';
import { InviteButton } from '../../app/InviteButton.tsx';
import { useSignedIn } from '../../app/signedIn.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { cx } from '../../ui/classes.ts';
import { Name } from '../../ui/Name.tsx';
import { handleOf, isolated, nameInText } from '../../ui/names.ts';
import { Spinner } from '../../ui/Spinner.tsx';
import { useListbox } from '../../ui/useListbox.ts';
import { PersonIcon } from './RoomIcon.tsx';
import { MAX_RESULTS, usePeopleSearch } from '../../app/usePeopleSearch.ts';

interface PeoplePickerProps {
  readonly chosen: readonly User[];
  readonly onChange: (chosen: readonly User[]) => void;
  /** Not offered: the user, and people who are already members. */
  readonly without: ReadonlySet<UserId>;
  readonly label: string;
}

/**
 * A search field with the chosen people as chips, and the results below. Backspace in the empty field removes the last
 * chip.
 */
export function PeoplePicker({ chosen, onChange, without, label }: PeoplePickerProps) {
  const me = useSignedIn().user.id;
  const [query, setQuery] = useState('');
  const { people, loading, failed } = usePeopleSearch(query);
  const offered = useMemo(
    () => people.filter((user) => !without.has(user.id) && !chosen.some((each) => each.id === user.id)),
    [people, without, chosen],
  );
  const others = people.some(({ id }) => id !== me);
  const add = (user: User) => {
    onChange([...chosen, user]);
    setQuery('');
  };
  const list = useListbox({ items: offered, onPick: add });

  return (
    <div className="flex min-h-36 flex-col gap-2">
      <div className="flex shrink-0 flex-wrap items-center gap-1.5 rounded-md border border-line-strong bg-raised p-1.5 focus-within:border-accent focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-accent">
        {chosen.map((user) => (
          <span
            key={user.id}
            className="flex h-7 max-w-full items-center gap-1.5 rounded-md bg-accent-soft pr-0.5 pl-1 text-sm font-medium"
          >
            <Avatar user={user} className="size-5 text-[0.5625rem]" />
            <span className="truncate">
              <Name of={user} />
            </span>
            <button
              type="button"
              aria-label={`Remove ${nameInText(user)}`}
              onClick={() => onChange(chosen.filter((each) => each.id !== user.id))}
              className="grid size-6 shrink-0 place-items-center rounded text-ink-faint hover:text-ink"
            >
              <X className="size-3.5" />
            </button>
          </span>
        ))}
        <input
          {...list.inputProps}
          type="text"
          maxLength={100}
          autoComplete="off"
          spellCheck={false}
          aria-label={label}
          placeholder={chosen.length === 0 ? 'Name or username' : ''}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => {
            if (list.onKeyDown(event)) return;
            if (event.key === 'Backspace' && query === '') onChange(chosen.slice(0, -1));
          }}
          className="h-7 min-w-28 flex-1 bg-transparent px-1.5 text-base outline-none"
        />
        {loading && query !== '' && <Spinner className="size-4 text-ink-faint" />}
      </div>
      <div className="-mx-1.5 h-60 min-h-24 shrink">
        {offered.length > 0 ? (
          <ul
            {...list.listProps}
            aria-label="People"
            className={cx('scroll-thin h-full overflow-y-auto', loading && query !== '' && 'opacity-60')}
          >
            {offered.map((user, index) => (
              <li
                key={user.id}
                {...list.optionProps(index)}
                className="flex h-10 items-center gap-2.5 rounded-md px-2.5 [--dot-ground:var(--c-raised)] aria-selected:bg-hover aria-selected:[--dot-ground:var(--c-hover)]"
              >
                <PersonIcon user={user} />
                <span className="truncate font-medium">
                  <Name of={user} />
                </span>
                <span className="truncate text-ink-faint">{handleOf(user)}</span>
              </li>
            ))}
          </ul>
        ) : (
          <div className="flex flex-col items-center gap-3 px-2.5 py-6 text-center text-ink-faint">
            <p>{loading || failed ? statusText(loading) : emptyText(query, others, people.length >= MAX_RESULTS)}</p>
            {!loading && !failed && <InviteButton />}
          </div>
        )}
      </div>
    </div>
  );
}

const statusText = (loading: boolean): string =>
  loading ? 'Searching…' : 'People cannot be searched right now. Try again in a moment.';

/** `others`: people were found, but all are members or chosen already. `more`: the server may have further matches. */
function emptyText(query: string, others: boolean, more: boolean): string {
  if (others && more) return 'Type the name of the person you mean.';
  if (query.trim() !== '') return `Nobody ${others ? 'else ' : ''}is called “${isolated(query)}”.`;
  return others ? 'There is nobody else to add.' : 'Nobody else is here yet.';
}

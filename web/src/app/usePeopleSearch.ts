import type { User } from '@backchannel/client';
import { useEffect, useState } from 'react';
import { useChat } from './chat.ts';
import { addPeople } from './directory.ts';

/** Debounce: longer than a quick typist's pause between keys, too short to be noticed. */
const DEBOUNCE_MS = 140;
/** Most people in one answer. */
export const MAX_RESULTS = 20;

interface PeopleSearch {
  readonly people: readonly User[];
  readonly loading: boolean;
  readonly failed: boolean;
}

/** Searches people by name on the server. The last answer stays while a new search runs. `null` searches nothing. */
export function usePeopleSearch(query: string | null): PeopleSearch {
  const chat = useChat();
  const [found, setFound] = useState<PeopleSearch>({ people: [], loading: true, failed: false });
  useEffect(() => {
    if (query === null) return undefined;
    let current = true;
    const search = () => {
      setFound((last) => ({ ...last, loading: true }));
      const trimmed = query.trim();
      chat.command('get_people', { ...(trimmed && { query: trimmed }), limit: MAX_RESULTS }).then(
        ({ people }) => {
          addPeople(people);
          if (current) setFound({ people, loading: false, failed: false });
        },
        () => {
          if (current) setFound((last) => ({ ...last, loading: false, failed: true }));
        },
      );
    };
    const timer = setTimeout(search, query === '' ? 0 : DEBOUNCE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [chat, query]);
  return found;
}

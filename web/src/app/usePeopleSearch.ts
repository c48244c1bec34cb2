import type { User } from '@backchannel/client';
import { useEffect, useState } from 'react';
import { useChat } from './chat.ts';
import { addPeople } from './directory.ts';

/** Longer than between two keys of a quick typist, shorter than anybody waits for. */
const PAUSE_MS = 140;
/** People in one answer; more are found by more letters. */
export const MOST_FOUND = 20;

interface Found {
  readonly people: readonly User[];
  readonly loading: boolean;
  readonly failed: boolean;
}

/** People by name, from the server; while a new search runs the last answer stays. `null` asks nothing. */
export function usePeopleSearch(query: string | null): Found {
  const chat = useChat();
  const [found, setFound] = useState<Found>({ people: [], loading: true, failed: false });
  useEffect(() => {
    if (query === null) return undefined;
    let current = true;
    const ask = () => {
      setFound((last) => ({ ...last, loading: true }));
      const wanted = query.trim();
      chat.command('get_people', { ...(wanted && { query: wanted }), limit: MOST_FOUND }).then(
        ({ people }) => {
          addPeople(people);
          if (current) setFound({ people, loading: false, failed: false });
        },
        () => {
          if (current) setFound((last) => ({ ...last, loading: false, failed: true }));
        },
      );
    };
    const timer = setTimeout(ask, query === '' ? 0 : PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [chat, query]);
  return found;
}

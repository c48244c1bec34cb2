/**
 * Asks the server about the fleet. By HTTP requests alone: the page has to work while WebSockets do not.
 */
import { useCallback, useEffect, useState } from 'react';

export type Asked = Readonly<Record<string, string>>;

export interface Answer<T> {
  /** The newest answer; stays while the next one is on its way, or fails. */
  readonly value: T | null;
  /** What went wrong with the last request, for a person to read. */
  readonly problem: string | null;
  readonly busy: boolean;
  readonly again: () => void;
}

interface Problem {
  readonly detail?: string;
}

/** Asks `/api/fleet/{page}`; throws an Error with a sentence. */
export async function ask<T>(
  page: string,
  asked: Asked,
  signal?: AbortSignal,
  method: 'GET' | 'POST' = 'GET',
): Promise<T> {
  const query = new URLSearchParams(asked).toString();
  const response = await fetch(`/api/fleet/${page}${query && `?${query}`}`, {
    method,
    headers: { Accept: 'application/json' },
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    throw signal?.aborted ? error : new Error('The server cannot be reached.');
  });
  if (response.ok) return (await response.json()) as T;
  const problem = (await response.json().catch(() => ({}))) as Problem;
  throw new Error(problem.detail ?? `The server answered ${response.status}.`);
}

/** The answer of a page; asked again when `asked` changes, on `again`, and every `every_ms`. `asked` null: not asked. */
export function useAnswer<T>(page: string, asked: Asked | null, every_ms?: number): Answer<T> {
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [turn, setTurn] = useState(0);
  const key = asked && JSON.stringify(asked);

  useEffect(() => setValue(null), [page, key]);
  // `turn` asks again.
  useEffect(() => {
    if (key === null) return;
    const stopping = new AbortController();
    setBusy(true);
    ask<T>(page, JSON.parse(key) as Asked, stopping.signal)
      .then((found) => {
        setValue(found);
        setProblem(null);
      })
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
      })
      .finally(() => {
        if (!stopping.signal.aborted) setBusy(false);
      });
    return () => stopping.abort();
  }, [page, key, turn]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  // Only after an answer: a slow server is not asked twice at once.
  useEffect(() => {
    if (every_ms === undefined || busy || key === null) return;
    const timer = setTimeout(again, every_ms);
    return () => clearTimeout(timer);
  }, [again, busy, every_ms, key]);

  return { value, problem, busy, again };
}

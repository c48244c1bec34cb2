/** Why the person's WebSockets ended or failed lately, as the server names it. */
import { useEffect, useState } from 'react';
import type { OwnConnections } from '../fleet/answers.gen.ts';

export interface Cause {
  readonly cause: string;
  readonly count: number;
  /** Of the last time, milliseconds since 1970. */
  readonly at: number;
}

const EVERY_MS = 10_000;

/** The causes, the one that happened last first. Pure. */
export function causesOf({ lanes }: Pick<OwnConnections, 'lanes'>): Cause[] {
  const found = new Map<string, Cause>();
  for (const { cause, since, until } of lanes.flatMap(({ stretches }) => stretches)) {
    if (!cause) continue;
    const { count, at } = found.get(cause) ?? { count: 0, at: 0 };
    found.set(cause, { cause, count: count + 1, at: Math.max(at, Date.parse(until ?? since)) });
  }
  return [...found.values()].toSorted((one, other) => other.at - one.at);
}

/** Asked again every ten seconds; what was known stays while the server cannot be reached. */
export function useCauses(): readonly Cause[] {
  const [causes, setCauses] = useState<readonly Cause[]>([]);
  useEffect(() => {
    const stopping = new AbortController();
    const ask = async () => {
      try {
        const answer = await fetch('/api/me/connections?hours=24', { signal: stopping.signal });
        if (answer.ok) setCauses(causesOf((await answer.json()) as OwnConnections));
      } catch {
        // Out of reach: the page says so by the state of the connection.
      }
    };
    void ask();
    const timer = setInterval(() => void ask(), EVERY_MS);
    return () => {
      clearInterval(timer);
      stopping.abort();
    };
  }, []);
  return causes;
}

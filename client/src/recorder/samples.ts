/**
 * Durations, counted into the buckets of a report: `BOUNDS_S` of the server's protocol/reports.py.
 */
import type { Timings } from '../protocol.ts';

const BOUNDS_MS = [5, 10, 25, 50, 100, 250, 500, 1e3, 2500, 5e3, 1e4, 3e4, 6e4, 3e5, Number.POSITIVE_INFINITY];

export type Samples = { [Transport in 'websocket' | 'http']?: { -readonly [K in keyof Timings]: number[] } };

export function count(samples: Samples, transport: 'websocket' | 'http', kind: keyof Timings, took_ms: number): void {
  samples[transport] ??= {};
  const counts = (samples[transport][kind] ??= BOUNDS_MS.map(() => 0));
  const bucket = BOUNDS_MS.findIndex((bound) => took_ms <= bound);
  counts[bucket] = (counts[bucket] ?? 0) + 1;
}

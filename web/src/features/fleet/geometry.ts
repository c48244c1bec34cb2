/** Where things are in the pictures of the fleet: numbers in, numbers and paths out. Times are in ms since 1970. */
import type { Minutes, Stretch } from './answers.gen.ts';

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** From 0 at the begin of the span to `width` at its end; outside of it, the nearer end. */
export function across(at: number, span: Span, width: number): number {
  const share = (at - span.from) / Math.max(1, span.to - span.from);
  return Math.round(Math.min(1, Math.max(0, share)) * width * 10) / 10;
}

/** Two points further apart than this have nothing between them: no process was there. */
const GAP_MS = 11 * 60_000;

/** Runs of points without a gap, oldest first. */
export function runsOf(minutes: readonly Minutes[]): readonly (readonly Minutes[])[] {
  const runs: Minutes[][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const each of minutes) {
    const at = Date.parse(each.at);
    if (at - before > GAP_MS) runs.push([]);
    runs.at(-1)?.push(each);
    before = at;
  }
  return runs;
}

interface Box {
  readonly span: Span;
  readonly width: number;
  readonly height: number;
}

/** The outline of a band between two curves, whose values are shares of the height, from the bottom. */
export function bandOf(
  run: readonly Minutes[],
  lower: (each: Minutes) => number,
  upper: (each: Minutes) => number,
  { span, width, height }: Box,
): string {
  const point = (each: Minutes, share: number) =>
    `${across(Date.parse(each.at), span, width)},${Math.round((1 - share) * height * 10) / 10}`;
  const there = run.map((each) => point(each, upper(each)));
  const back = run.map((each) => point(each, lower(each))).toReversed();
  return there.length > 0 ? `M${[...there, ...back].join('L')}Z` : '';
}

export type Look = 'websocket' | 'http' | 'failed' | 'refused';

export interface Piece {
  readonly x: number;
  readonly width: number;
  readonly look: Look;
  readonly stretch: Stretch;
}

/** What is shorter than this could not be seen. */
const NARROWEST = 2;

/** The bars of one device. A bar that is cut off by the span ends at its edge; what is outside of it is left out. */
export function piecesOf(stretches: readonly Stretch[], span: Span, width: number): readonly Piece[] {
  return stretches.flatMap((stretch) => {
    const from = Date.parse(stretch.since);
    const to = stretch.until === null ? span.to : Date.parse(stretch.until);
    if (to < span.from || from > span.to) return [];
    const x = across(from, span, width);
    return [{ x, width: Math.max(NARROWEST, across(to, span, width) - x), look: lookOf(stretch), stretch }];
  });
}

function lookOf(stretch: Stretch): Look {
  if (!stretch.live) return 'refused';
  if (stretch.transport === 'http') return 'http';
  return stretch.cause ? 'failed' : 'websocket';
}

/** Parts of a stacked bar: each with its begin and its end, as shares of the whole height. */
export function stacked(
  counts: Readonly<Record<string, number>>,
  most: number,
): readonly { readonly name: string; readonly from: number; readonly to: number }[] {
  let sum = 0;
  return Object.entries(counts).map(([name, count]) => {
    const from = sum / Math.max(1, most);
    sum += count;
    return { name, from, to: sum / Math.max(1, most) };
  });
}

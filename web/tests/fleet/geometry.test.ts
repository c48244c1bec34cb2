import { expect, it } from 'vitest';
import type { Minutes, Stretch } from '../../src/features/fleet/answers.gen.ts';
import { across, bandOf, piecesOf, runsOf, stacked } from '../../src/features/fleet/geometry.ts';

const HOUR = { from: Date.parse('2026-11-30T14:00:00Z'), to: Date.parse('2026-11-30T15:00:00Z') };
const BOX = { span: HOUR, width: 600, height: 100 };

const minute = (clock: string, http = 1, websocket = 3): Minutes => ({
  at: `2026-11-30T${clock}:00Z`,
  http,
  websocket,
  people: 4,
  sends: 0,
});

const stretch = (since: string, until: string | null, more: Partial<Stretch> = {}): Stretch => ({
  transport: 'websocket',
  since: `2026-11-30T${since}:00Z`,
  until: until && `2026-11-30T${until}:00Z`,
  live: true,
  code: null,
  reason: '',
  stage: '',
  cause: '',
  agent: '',
  network: '',
  via: '',
  node: '',
  ...more,
});

it('a time outside of the span is at its nearer end', () => {
  expect(across(HOUR.from - 1, HOUR, 600)).toBe(0);
  expect(across(HOUR.from + 900_000, HOUR, 600)).toBe(150);
  expect(across(HOUR.to + 1, HOUR, 600)).toBe(600);
});

it('a time without any process is a gap', () => {
  const runs = runsOf([minute('14:00'), minute('14:05'), minute('14:40'), minute('14:45')]);
  expect(runs.map((run) => run.length)).toEqual([2, 2]);
  expect(runsOf([])).toEqual([]);
});

it('a band goes along its upper edge and back along its lower one', () => {
  const run = [minute('14:00'), minute('14:30')];
  expect(
    bandOf(
      run,
      () => 0,
      () => 0.25,
      BOX,
    ),
  ).toBe('M0,75L300,75L300,100L0,100Z');
  expect(
    bandOf(
      [],
      () => 0,
      () => 1,
      BOX,
    ),
  ).toBe('');
});

it('pieces end at the edges of the picture and are never too narrow to see', () => {
  const pieces = piecesOf(
    [
      stretch('12:00', '13:00'),
      stretch('13:30', '14:15'),
      stretch('14:20', '14:20', { live: false, cause: 'upgrade_stripped' }),
      stretch('14:20', '14:50', { transport: 'http' }),
      stretch('14:50', '14:55', { cause: 'idle_cut' }),
      stretch('14:57', null),
    ],
    HOUR,
    600,
  );
  expect(pieces.map(({ x, width, look }) => [x, width, look])).toEqual([
    [0, 150, 'websocket'],
    [200, 2, 'refused'],
    [200, 300, 'http'],
    [500, 50, 'failed'],
    [570, 30, 'websocket'],
  ]);
});

it('parts of a bar lie on each other, as shares of the highest bar', () => {
  expect(stacked({ asleep: 1, offline: 3 }, 8)).toEqual([
    { name: 'asleep', from: 0, to: 0.125 },
    { name: 'offline', from: 0.125, to: 0.5 },
  ]);
});

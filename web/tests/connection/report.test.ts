import { expect, it } from 'vitest';
import { causesOf } from '../../src/features/connection/causes.ts';
import { reportOf } from '../../src/features/connection/report.ts';
import { CAUSES, stateOf, timeOf } from '../../src/features/connection/words.ts';
import { CAUSES as OF_STAFF } from '../../src/features/fleet/words.ts';
import { person } from '../fleet/answers.ts';

const CONNECTION = {
  status: 'disconnected',
  transport: 'rest',
  reason: null,
  retryAt: null,
  waiting: 2,
  lastHeardAt: null,
} as const;

it('puts everything into one text', () => {
  const text = reportOf({
    connection: CONNECTION,
    history: [{ what: 'cut', from: 0, to: 1_000, times: 1, lived: 60_000, code: 1006 }],
    causes: [{ cause: 'idle_cut', count: 3, at: 1_000 }],
    lines: ['5 socket_closed code=1006'],
    now: 2_000,
    browser: 'A browser',
  });
  expect(text.split('\n')).toEqual([
    'Connection report, 1970-01-01T00:00:02.000Z',
    'A browser',
    'Connected another way (disconnected, rest); 2 waiting to be sent',
    '',
    'Why, as the server saw it (24 hours):',
    '1970-01-01T00:00:01.000Z  idle_cut, 3 times',
    '',
    'What happened, newest first:',
    '1970-01-01T00:00:01.000Z  The WebSocket was cut, after 60 s.',
    '',
    'Recorder (age in ms, event):',
    '5 socket_closed code=1006',
  ]);
});

it('counts causes, the last one first', () => {
  const [{ cause, count } = { cause: '', count: 0 }] = causesOf(person);
  expect([cause, count]).toEqual(['asleep', 1]);
});

it('has words for each cause that staff are shown', () => {
  expect(Object.keys(CAUSES)).toEqual(Object.keys(OF_STAFF));
});

it.each(['offline', 'unreachable', 'signed_out', 'forbidden', 'update_required', 'superseded'] as const)(
  'says what to do when nothing gets through: %s',
  (reason) => {
    const { title, advice } = stateOf({ status: 'error', transport: null, reason });
    expect(title).toBe('Nothing gets through');
    expect(advice).toMatch(/\.$/);
  },
);

it('names the day of a time only where it is another one', () => {
  const noon = new Date(2026, 10, 30, 12).getTime();
  expect(timeOf(noon, noon).length).toBeLessThan(timeOf(noon - 172_800_000, noon).length);
});

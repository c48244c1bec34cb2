import { expect, it } from 'vitest';
import { historyOf, sinceOf } from '../../src/features/connection/history.ts';
import { happened } from '../../src/features/connection/words.ts';

const NOW = 1_000_000;
const went = (age: number, from: string, to: string, on: string) =>
  `${age} connection from=${from} to=${to} on=${on} failures=0`;

const UP = [
  went(90_000, 'stopped', 'opening', 'connect'),
  went(89_000, 'opening', 'greeting', 'opened'),
  went(88_000, 'greeting', 'catching_up', 'hello'),
  went(87_000, 'catching_up', 'proving', 'caught_up'),
  went(86_000, 'proving', 'live', 'pong'),
];
const CUT = ['26000 socket_closed code=1006', went(26_000, 'live', 'waiting', 'closed')];

it('says how long a connection had lived that was cut', () => {
  const history = historyOf([...UP, ...CUT], NOW);
  expect(history.map(happened)).toEqual(['The WebSocket was cut, after 60 s.', 'The WebSocket works.']);
  expect(sinceOf(history, false)).toBe(NOW - 26_000);
  expect(sinceOf(history, true)).toBeNull();
});

it('counts attempts that failed alike in a row', () => {
  const attempt = (age: number) => [
    went(age, 'waiting', 'opening', 'timeout'),
    `${age - 100} socket_closed code=1006`,
    went(age - 100, 'opening', 'waiting', 'closed'),
  ];
  const [last] = historyOf([...UP, ...CUT, ...attempt(20_000), ...attempt(10_000), ...attempt(5_000)], NOW);
  expect(last).toMatchObject({ what: 'not_opened', times: 3, from: NOW - 19_900, to: NOW - 4_900 });
});

it('knows a look at the link from its end', () => {
  const looked = [went(50_000, 'live', 'checking', 'wake'), went(49_900, 'checking', 'live', 'frame')];
  expect(historyOf([...UP, ...looked], NOW).map(({ what }) => what)).toEqual(['works']);
  expect(sinceOf(historyOf([...UP, ...looked], NOW), true)).toBe(NOW - 86_000);
});

it.each([
  [[went(30_000, 'live', 'leaving', 'going_away')], 'restarted'],
  [['30000 socket_closed code=1012', went(30_000, 'live', 'waiting', 'closed')], 'restarted'],
  [['30000 socket_closed code=4408', went(30_000, 'live', 'waiting', 'closed')], 'no_sign_of_life'],
  [[went(30_000, 'checking', 'waiting', 'timeout')], 'no_sign_of_life'],
  [[went(30_000, 'live', 'halted', 'refused')], 'signed_out'],
  [[went(30_000, 'live', 'opening', 'retry_now')], 'paused'],
  [['30000 slept'], 'slept'],
  [['30000 error TypeError'], 'error'],
] as const)('names the end %j', (lines, what) => {
  expect(historyOf([...UP, ...lines], NOW)[0]?.what).toBe(what);
});

it('begins empty, and knows no time that was not recorded', () => {
  expect(historyOf([], NOW)).toEqual([]);
  expect(sinceOf([], true)).toBeNull();
});

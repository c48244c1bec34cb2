import { expect, it } from 'vitest';
import { agoOf, bytesOf, causeOf, percent, secondsOf } from '../../src/features/fleet/words.ts';

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_500, '1.5 kB'],
  [42_000_000, '42 MB'],
  [3.2e15, '3200 TB'],
])('%d bytes are %s', (count, text) => {
  expect(bytesOf(count)).toBe(text);
});

it.each([
  [0.025, '25 ms'],
  [2.5, '2.5 s'],
  [null, '> 300 s'],
])('%s seconds are %s', (seconds, text) => {
  expect(secondsOf(seconds)).toBe(text);
});

it.each([
  [30, '30 s ago'],
  [600, '10 min ago'],
  [26 * 3600, '26 h ago'],
  [4 * 86_400, '4 days ago'],
  [-5, '0 s ago'],
])('%d seconds before is %s', (seconds, text) => {
  const now = Date.parse('2026-11-30T14:00:00Z');
  expect(agoOf(new Date(now - seconds * 1000).toISOString(), now)).toBe(text);
});

it('a cause that a newer server names is shown as it is', () => {
  expect(causeOf('asleep')).toBe('device asleep');
  expect(causeOf('gremlins')).toBe('gremlins');
  expect(percent(0.333)).toBe('33 %');
});

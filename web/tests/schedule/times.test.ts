import { describe, expect, it } from 'vitest';
import {
  fromFields,
  lastDay,
  nextHour,
  problemOf,
  suggestions,
  toFields,
  whenText,
} from '../../src/features/schedule/times.ts';
import { clockTime } from '../../src/ui/time.ts';

/** Wednesday. */
const at = (hour: number, minute = 0, day = 2) => new Date(2026, 11, day, hour, minute).getTime();
const DAY_MS = 86_400_000;

describe('the times that are offered', () => {
  it.each([
    ['at night', at(2), [at(3), at(9), at(18), at(9, 0, 3), at(9, 0, 7)]],
    ['in the morning', at(8, 30), [at(9, 30), at(18), at(9, 0, 3), at(9, 0, 7)]],
    ['at the end of the afternoon', at(17, 30), [at(18, 30), at(9, 0, 3), at(9, 0, 7)]],
    ['late in the evening', at(23, 30), [at(0, 30, 3), at(9, 0, 3), at(9, 0, 7)]],
    ['on a Sunday, whose tomorrow is Monday', at(12, 0, 6), [at(13, 0, 6), at(18, 0, 6), at(9, 0, 7)]],
    ['on a Monday', at(12, 0, 7), [at(13, 0, 7), at(18, 0, 7), at(9, 0, 8), at(9, 0, 14)]],
  ])('%s are hours of the own clock, ascending', (_, now, times) => {
    expect(suggestions(now).map((each) => each.at)).toEqual(times);
  });

  it('name the day and the time', () => {
    const nine = clockTime(at(9));
    expect(suggestions(at(2)).map(({ label }) => label)).toEqual([
      'In an hour',
      `Today at ${nine}`,
      `Today at ${clockTime(at(18))}`,
      `Tomorrow at ${nine}`,
      `Monday at ${nine}`,
    ]);
    expect(suggestions(at(20, 0, 7)).at(-1)?.label).toBe(`Next Monday at ${nine}`);
  });
});

describe('a time that is typed', () => {
  it('is the one that is shown, on every day of a year, changes of the clock included', () => {
    for (let day = 0; day < 366; day += 1) {
      const time = new Date(2026, 0, 1 + day, 2, 30).getTime();
      expect(fromFields(toFields(time))).toBe(time);
    }
  });

  it('is none while a field is empty or half typed', () => {
    for (const fields of [
      { date: '', time: '09:00' },
      { date: '2026-12-02', time: '' },
      { date: '2026-12', time: '09:00' },
    ])
      expect(fromFields(fields)).toBeNull();
    expect(problemOf(null, at(9))).toBe('Choose a date and a time.');
  });

  it('has not passed, and is within a year', () => {
    const now = at(9);
    expect(problemOf(now, now)).toMatch(/has passed/);
    expect(problemOf(now + 60_000, now)).toBeNull();
    expect(problemOf(lastDay(now) + DAY_MS - 60_000, now)).toBeNull();
    expect(problemOf(lastDay(now) + 2 * DAY_MS, now)).toMatch(/more than a year ahead/);
  });

  it('begins with a full hour, one to two hours ahead', () => {
    expect(nextHour(at(9, 1))).toBe(at(11));
    expect(nextHour(at(23, 30))).toBe(at(1, 0, 3));
  });
});

it('says when, within a sentence', () => {
  expect(whenText(at(18), at(9))).toBe(`today at ${clockTime(at(18))}`);
  expect(whenText(at(0, 5, 3), at(23))).toBe(`tomorrow at ${clockTime(at(0, 5, 3))}`);
  expect(whenText(at(9, 0, 7), at(9))).toMatch(/^on .*7.* at /);
});

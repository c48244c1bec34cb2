import { expect, it } from 'vitest';
import {
  briefTime,
  clockTime,
  dateValue,
  dayAfter,
  dayLabel,
  dayOf,
  dayOfValue,
  daysBetween,
  narrowTime,
} from '../../src/ui/time.ts';

const now = new Date(2026, 2, 30, 1, 30).getTime();
const at = (...args: [number, number, number, number?]) => new Date(...args).getTime();

it('counts calendar days, also across clock changes', () => {
  expect(daysBetween(at(2026, 2, 29, 23), now)).toBe(1);
  expect(daysBetween(at(2026, 2, 28, 23), now)).toBe(2);
  expect(daysBetween(at(2025, 9, 24), at(2025, 9, 27))).toBe(3);
});

it('a day ends where the next starts, also across clock changes', () => {
  for (const day of [at(2026, 2, 28), at(2026, 2, 29), at(2026, 9, 25), at(2026, 11, 31)]) {
    const end = dayAfter(day);
    expect(dayOf(end)).toBe(end);
    expect(dayOf(end - 1)).toBe(day);
  }
});

it('a day goes into a date field and comes back', () => {
  for (const day of [at(2026, 2, 29), at(2026, 9, 25), at(2026, 11, 31), at(1970, 0, 1)])
    expect(dayOfValue(dateValue(day + 3_600_000))).toBe(day);
  expect(dateValue(at(2026, 0, 5))).toBe('2026-01-05');
});

it('a date field that holds no day gives none', () => {
  for (const value of ['', '2026-02-30', '2026-13-01', '12026-01-01', 'today']) expect(dayOfValue(value)).toBeNull();
  expect(new Date(dayOfValue('0020-03-01') ?? 0).getFullYear()).toBe(20);
});

it('labels days as Today, Yesterday or the date', () => {
  expect(dayLabel(now, now)).toBe('Today');
  expect(dayLabel(at(2026, 2, 29), now)).toBe('Yesterday');
  expect(dayLabel(at(2026, 2, 2), now)).not.toMatch(/2026/);
  expect(dayLabel(at(2025, 2, 2), now)).toMatch(/2025/);
});

it('the brief form is the time, then the weekday, then the date', () => {
  expect(briefTime(at(2026, 2, 30, 1), now)).toBe(clockTime(at(2026, 2, 30, 1)));
  expect(briefTime(at(2026, 2, 29), now)).toBe('Yesterday');
  expect(briefTime(at(2026, 2, 26), now)).toBe(
    new Intl.DateTimeFormat(undefined, { weekday: 'short' }).format(at(2026, 2, 26)),
  );
});

it('the narrow form is hours and minutes, in every language and clock', () => {
  const afternoon = at(2026, 2, 30, 15);
  for (const locale of [
    'en-US',
    'en-GB',
    'de',
    'bg',
    'el',
    'ko',
    'zh-TW',
    'th-u-hc-h12',
    'ar-EG',
    'hi',
    'ja-u-hc-h12',
    'es-MX',
    'fi',
  ]) {
    const format = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' });
    expect(narrowTime(afternoon, format)).toMatch(/^\p{Nd}{1,2}[:.]\p{Nd}{2}$/u);
    expect(format.format(afternoon)).toContain(narrowTime(afternoon, format));
  }
});

import type { MyNotifications } from '@backchannel/client';
import { describe, expect, it } from 'vitest';
import { createChoices } from '../../src/features/notifications/createChoices.ts';
import { isUndisturbed } from '../../src/features/notifications/undisturbed.ts';

const NOTHING: MyNotifications = { keywords: [], quiet_hours: null, dnd_until: null, push_content: 'full' };
/** Nights that begin on Friday (5). */
const NIGHT = { zone: 'Europe/Berlin', days: [5], start: '22:00', end: '07:00' };
const at = (text: string) => Date.parse(text);

describe('quiet hours', () => {
  const quiet = (text: string, quiet_hours = NIGHT) => isUndisturbed({ ...NOTHING, quiet_hours }, at(text));

  it('last over midnight by the clock of their zone', () => {
    expect(quiet('2026-11-27T20:59:00Z')).toBe(false);
    expect(quiet('2026-11-27T21:00:00Z')).toBe(true);
    expect(quiet('2026-11-28T05:59:00Z')).toBe(true);
    expect(quiet('2026-11-28T06:00:00Z')).toBe(false);
    expect(quiet('2026-11-28T21:00:00Z')).toBe(false);
  });

  it('follow the clock where it is changed', () => {
    const night = { ...NIGHT, days: [6] };
    // In the night to 25 October 2026, Berlin's clock goes back from 3:00 to 2:00.
    expect(quiet('2026-10-25T05:59:00Z', night)).toBe(true);
    expect(quiet('2026-10-25T06:00:00Z', night)).toBe(false);
  });

  it('are part of one day where they end after they begin', () => {
    const noon = { zone: 'UTC', days: [1, 7], start: '12:00', end: '13:00' };
    expect(quiet('2026-11-30T12:30:00Z', noon)).toBe(true);
    expect(quiet('2026-11-30T13:00:00Z', noon)).toBe(false);
    expect(quiet('2026-12-01T12:30:00Z', noon)).toBe(false);
  });
});

it('do-not-disturb ends at its time', () => {
  const mine = { ...NOTHING, dnd_until: '2026-11-30T12:00:00Z' };
  expect(isUndisturbed(mine, at('2026-11-30T11:59:59Z'))).toBe(true);
  expect(isUndisturbed(mine, at('2026-11-30T12:00:00Z'))).toBe(false);
});

describe('the choices of a user', () => {
  const dnd = { ...NOTHING, dnd_until: '2100-01-01T00:00:00Z' };

  it('are read once a minute, and at once after they changed here', async () => {
    let now = 0;
    let reads = 0;
    let mine = dnd;
    const choices = createChoices(
      async () => {
        reads += 1;
        return mine;
      },
      () => now,
    );
    expect([await choices.isUndisturbed(), await choices.isUndisturbed(), reads]).toEqual([true, true, 1]);
    mine = NOTHING as typeof dnd;
    now = 61_000;
    expect([await choices.isUndisturbed(), reads]).toEqual([false, 2]);
    mine = dnd;
    choices.forget();
    expect([await choices.isUndisturbed(), reads]).toEqual([true, 3]);
  });

  it('stay as they were known without a connection, and forbid nothing before', async () => {
    let now = 0;
    let isDown = true;
    const read = async () => {
      if (isDown) throw new Error('offline');
      return dnd;
    };
    const choices = createChoices(read, () => now);
    expect(await choices.isUndisturbed()).toBe(false);
    isDown = false;
    expect(await choices.isUndisturbed()).toBe(true);
    isDown = true;
    now = 61_000;
    expect(await choices.isUndisturbed()).toBe(true);
  });
});

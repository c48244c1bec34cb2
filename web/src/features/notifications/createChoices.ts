import type { MyNotifications } from '@backchannel/client';
import { isUndisturbed } from './undisturbed.ts';

/** Another device may change the choices, and nothing announces that. */
const KNOWN_MS = 60_000;

/** Answers whether the user is not to be disturbed now, by choices that are at most a minute old. */
export function createChoices(read: () => Promise<MyNotifications>, now: () => number) {
  let known: MyNotifications | null = null;
  let knownAt = Number.NEGATIVE_INFINITY;
  return {
    async isUndisturbed(): Promise<boolean> {
      if (now() - knownAt > KNOWN_MS) {
        try {
          known = await read();
          knownAt = now();
        } catch {
          // Offline since: what was chosen before holds.
        }
      }
      return known !== null && isUndisturbed(known, now());
    },
    /** Read again before the next answer. */
    forget(): void {
      knownAt = Number.NEGATIVE_INFINITY;
    },
  };
}

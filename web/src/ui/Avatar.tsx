import type { User } from '@backchannel/client';
import type { CSSProperties } from 'react';
import { cx } from './classes.ts';
import { nameOf } from './names.ts';

/** Hues that differ clearly from each other, and from ember and danger, which have a meaning. */
const HUES = [178, 215, 248, 282, 318, 140, 105, 72] as const;

/** At most two letters: the first of the first and of the last word. Emoji stay whole. */
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...(word ?? '?')][0]?.toUpperCase() ?? '?').join('');
}

export function Avatar({ user, className }: { readonly user: User; readonly className?: string }) {
  const hue = HUES[Math.abs(user.id * 5 + 3) % HUES.length];
  return (
    <span
      aria-hidden="true"
      className={cx('bc-avatar', className ?? 'size-9 text-[0.8125rem]')}
      style={{ '--hue': hue } as CSSProperties}
    >
      {initials(nameOf(user))}
    </span>
  );
}

import type { User } from '@backchannel/client';
import { type CSSProperties, useState } from 'react';
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

/** A person's picture; their initials where there is none, or where it cannot be loaded. */
export function Avatar({ user, className }: { readonly user: User; readonly className?: string }) {
  const [failed, setFailed] = useState<string>();
  const url = user.avatar_url;
  const hue = HUES[Math.abs(user.id * 5 + 3) % HUES.length];
  return (
    <span
      aria-hidden="true"
      className={cx('bc-avatar', className ?? 'size-9 text-[0.8125rem]')}
      style={{ '--hue': hue } as CSSProperties}
    >
      {url && url !== failed ? (
        <img
          src={url}
          alt=""
          loading="lazy"
          draggable={false}
          referrerPolicy="no-referrer"
          onError={() => setFailed(url)}
          className="size-full rounded-[inherit] object-cover"
        />
      ) : (
        initials(nameOf(user))
      )}
    </span>
  );
}

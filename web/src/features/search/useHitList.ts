import type { Hit, MessageId } from '@backchannel/client';
import { type KeyboardEvent, useEffect, useId, useState } from 'react';
import { isComposing, nextActive } from '../../ui/useListbox.ts';

interface HitListOptions {
  readonly hits: readonly Hit[];
  readonly onPick: (hit: Hit) => void;
  /** Called when the last hit is passed. */
  readonly onEnd: () => void;
}

/**
 * Moves through the hits while the focus stays in the field. Unlike `useListbox`, it keeps the active hit by its id: more hits come below
 * it, and others go away.
 */
export function useHitList({ hits, onPick, onEnd }: HitListOptions) {
  const id = useId();
  const [activeId, setActiveId] = useState<MessageId | null>(null);
  const at = hits.findIndex(({ message }) => message.id === activeId);
  const optionId = (index: number): string => `${id}-${hits[index]?.message.id}`;
  const activeOption = at < 0 ? undefined : optionId(at);

  useEffect(() => {
    if (activeOption) document.getElementById(activeOption)?.scrollIntoView({ block: 'nearest' });
  }, [activeOption]);

  return {
    listProps: { role: 'listbox' as const, id: `${id}-list` },
    optionProps: (index: number, hit: Hit) => ({
      role: 'option' as const,
      id: optionId(index),
      'aria-selected': index === at,
      onPointerMove: () => setActiveId(hit.message.id),
      onClick: () => onPick(hit),
    }),
    inputProps: {
      role: 'combobox' as const,
      'aria-autocomplete': 'list' as const,
      'aria-expanded': hits.length > 0,
      'aria-controls': hits.length > 0 ? `${id}-list` : undefined,
      'aria-activedescendant': activeOption,
    },
    /** Returns true if the key was handled. */
    onKeyDown(event: KeyboardEvent): boolean {
      if (isComposing(event) || event.altKey || event.ctrlKey || event.metaKey) return false;
      const active = hits[at];
      if (event.key === 'Enter' && active) {
        event.preventDefault();
        onPick(active);
        return true;
      }
      const next = nextActive(event.key, at, hits.length);
      if (next === null) return false;
      event.preventDefault();
      const isPastEnd = at === hits.length - 1 && (event.key === 'ArrowDown' || event.key === 'PageDown');
      if (isPastEnd) onEnd();
      else setActiveId(hits[next]?.message.id ?? null);
      return true;
    },
  };
}

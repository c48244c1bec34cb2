import { useCallback } from 'react';

/** Scroll offsets in px, by name. */
const offsets = new Map<string, number>();

/**
 * A ref that restores an element's scroll offset when it mounts again, such as the room list on a phone after a room.
 */
export function useScrollRestoration(name: string) {
  return useCallback(
    (element: HTMLElement | null) => {
      if (!element) return undefined;
      element.scrollTop = offsets.get(name) ?? 0;
      return () => {
        offsets.set(name, element.scrollTop);
      };
    },
    [name],
  );
}

import { useCallback } from 'react';

const tops = new Map<string, number>();

/** A ref: what scrolls comes back where it was left, as the list of rooms on a phone does after a room. */
export function useScrollRestoration(name: string) {
  return useCallback(
    (element: HTMLElement | null) => {
      if (!element) return undefined;
      element.scrollTop = tops.get(name) ?? 0;
      return () => {
        tops.set(name, element.scrollTop);
      };
    },
    [name],
  );
}

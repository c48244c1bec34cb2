import { useCallback, useSyncExternalStore } from 'react';

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** Shows one pane at a time. The same width as Tailwind's `md`. */
export const usePhone = () => useMedia('(max-width: 47.99rem)');
/** No room for a thread beside its room: it takes the room's place. The same width as Tailwind's `lg`. */
export const useNarrow = () => useMedia('(max-width: 63.99rem)');
/** The main pointer is a finger: Enter inserts a new line, long press opens menus. */
export const useTouch = () => useMedia('(pointer: coarse)');

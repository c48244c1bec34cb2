import { useEffect } from 'react';
import { useSignedIn } from './signedIn.ts';

const EVENTS = ['focus', 'blur', 'pageshow', 'pagehide'] as const;

/** Tells the other tabs at which room a person looks here, so that none of them notifies of what is being read. */
export function useViewingRoom(room: number | null): void {
  const { tabs } = useSignedIn();
  useEffect(() => {
    const look = () => tabs.look(document.visibilityState === 'visible' && document.hasFocus() ? room : null);
    look();
    for (const type of EVENTS) window.addEventListener(type, look);
    document.addEventListener('visibilitychange', look);
    return () => {
      for (const type of EVENTS) window.removeEventListener(type, look);
      document.removeEventListener('visibilitychange', look);
    };
  }, [tabs, room]);
}

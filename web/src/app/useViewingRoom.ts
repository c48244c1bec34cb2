import { useEffect } from 'react';
import { useSignedIn } from './signedIn.ts';

const EVENTS = ['focus', 'blur', 'pageshow', 'pagehide'] as const;

/** Tells the other tabs which room the user is viewing in this one, so that none shows notifications for it. */
export function useViewingRoom(room: number | null): void {
  const { tabs } = useSignedIn();
  useEffect(() => {
    const report = () => tabs.look(document.visibilityState === 'visible' && document.hasFocus() ? room : null);
    report();
    for (const type of EVENTS) window.addEventListener(type, report);
    document.addEventListener('visibilitychange', report);
    return () => {
      for (const type of EVENTS) window.removeEventListener(type, report);
      document.removeEventListener('visibilitychange', report);
    };
  }, [tabs, room]);
}

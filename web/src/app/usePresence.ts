import { useEffect } from 'react';
import { useChat } from './chat.ts';

/** A tab that nobody has looked at for as long as this is one whose person is away. */
const AWAY_AFTER_MS = 5 * 60_000;

/** Tells the others whether somebody sits in front of this. */
export function usePresence(): void {
  const chat = useChat();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let away = false;
    const look = () => {
      clearTimeout(timer);
      if (document.visibilityState === 'hidden') {
        timer = setTimeout(() => {
          away = true;
          chat.setPresence('away');
        }, AWAY_AFTER_MS);
      } else if (away) {
        away = false;
        chat.setPresence('online');
      }
    };
    document.addEventListener('visibilitychange', look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [chat]);
}

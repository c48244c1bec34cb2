import { useEffect } from 'react';
import { useChat } from './chat.ts';

/** The user counts as away when this tab has been hidden for this long. */
const AWAY_AFTER_MS = 5 * 60_000;

/** Reports the user's presence: away after a while in a hidden tab, online when it is visible again. */
export function usePresence(): void {
  const chat = useChat();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let away = false;
    const update = () => {
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
    document.addEventListener('visibilitychange', update);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', update);
    };
  }, [chat]);
}

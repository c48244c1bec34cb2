import { useEffect } from 'react';
import { useChatState } from './chat.ts';
import { roomLabel } from './roomNames.ts';
import { useSignedIn } from './signedIn.ts';

/** Sets the page title: unread count, room and workspace ("(3) #design · Acme"), and the badge of the installed app. */
export function useTitle(current: number | null, isThreads: boolean): void {
  const { user, workspace } = useSignedIn();
  const unread = useChatState((state) => state.totalUnreadCount);
  const label = useChatState((state) => {
    const room = state.rooms.find((each) => each.id === current);
    if (isThreads) return 'Threads';
    return room ? roomLabel(room, user.id) : null;
  });
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread > 99 ? '99+' : unread}) ` : ''}${label ? `${label} · ` : ''}${workspace}`;
    // Only some browsers support badges, and only for installed apps.
    const badged = unread > 0 ? navigator.setAppBadge?.(unread) : navigator.clearAppBadge?.();
    badged?.catch(() => undefined);
  }, [unread, label, workspace]);
}

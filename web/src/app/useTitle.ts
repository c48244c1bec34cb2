import { useEffect } from 'react';
import { useNow } from '../ui/useNow.ts';
import { useChatState } from './chat.ts';
import { badgeIn, unreadIn } from './roomLevels.ts';
import { roomLabel } from './roomNames.ts';
import { useSignedIn } from './signedIn.ts';

/**
 * Sets the page title: unread count, room and workspace ("(3) #design · Acme"). The icons of the tab and of the installed app show
 * whether something unread is for this user, the latter how much. Quiet rooms count in neither.
 */
export function useTitle(current: number | null, isThreads: boolean): void {
  const { user, workspace } = useSignedIn();
  const now = useNow();
  const unread = useChatState((state) => unreadIn(state.rooms, now));
  const badge = useChatState((state) => badgeIn(state.rooms, now));
  const label = useChatState((state) => {
    const room = state.rooms.find((each) => each.id === current);
    if (isThreads) return 'Threads';
    return room ? roomLabel(room, user.id) : null;
  });
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread > 99 ? '99+' : unread}) ` : ''}${label ? `${label} · ` : ''}${workspace}`;
  }, [unread, label, workspace]);
  useEffect(() => {
    // Only some browsers support badges, and only for installed apps.
    const badged = badge > 0 ? navigator.setAppBadge?.(badge) : navigator.clearAppBadge?.();
    badged?.catch(() => undefined);
  }, [badge]);
  const isForMe = badge > 0;
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    if (icon) icon.href = icon.href.replace(/icon(?:-badge)?\.svg$/, isForMe ? 'icon-badge.svg' : 'icon.svg');
  }, [isForMe]);
}

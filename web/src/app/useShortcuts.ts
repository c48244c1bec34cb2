import { useEffect } from 'react';
import { useLocation } from 'wouter';
import { neighbour, sectionsOf } from '../features/rooms/sections.ts';
import { useChat } from './chat.ts';
import { focusComposer, showLatest } from './composing.ts';
import { membersOpen, openPanel } from './panels.ts';
import { useSession } from './session.ts';

/** The keys that work everywhere. Element's, where it has them: people's fingers know those. */
export function useShortcuts(current: number | null): void {
  const chat = useChat();
  const me = useSession().user.id;
  const [, navigate] = useLocation();

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const mod = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (mod && !event.altKey && !event.shiftKey && key === 'k')
        openPanel.set((now) => (now === 'switcher' ? null : 'switcher'));
      else if (mod && key === '/') openPanel.set((now) => (now === 'shortcuts' ? null : 'shortcuts'));
      else if (mod && key === '.') membersOpen.set((open) => !open);
      else if (event.altKey && !mod && (key === 'arrowup' || key === 'arrowdown')) {
        const ordered = sectionsOf(chat.getSnapshot().rooms, me).flatMap((section) => section.rooms);
        const room = neighbour(ordered, current, key === 'arrowup' ? -1 : 1, event.shiftKey);
        if (room) navigate(`/rooms/${room.id}`);
      } else {
        // Typing goes to the composer wherever the focus was lost.
        const lost = document.activeElement === document.body || document.activeElement === null;
        if (!lost || mod || event.altKey || openPanel.get() !== null) return;
        if (event.key === 'Escape') showLatest();
        if (event.key === 'Escape' || event.key.length === 1) focusComposer();
        return;
      }
      event.preventDefault();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [chat, me, current, navigate]);
}

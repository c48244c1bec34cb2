import type { Chat, RoomId } from '@backchannel/client';
import { useEffect } from 'react';
import { useLocation } from 'wouter';
import { neighbour, sectionsOf } from '../features/rooms/sections.ts';
import { useChat } from './chat.ts';
import { focusComposer, showLatest } from './composerSignals.ts';
import { composerField, takesKeys } from './dropAndPaste.ts';
import { openPanel, openSearch, toggleMembers, typedAhead } from './panels.ts';
import { useSignedIn } from './signedIn.ts';

/** Whether the browser's own search would miss messages of the room. While a dialog is open, Ctrl+F is the browser's. */
function isPartlyLoaded(chat: Chat, roomId: RoomId): boolean {
  const { hasOlder, hasNewer } = chat.getTimeline(roomId);
  return openPanel.get() === null && (hasOlder || hasNewer);
}

/** Global keyboard shortcuts. Where Element has one, it is the same. */
export function useShortcuts(current: number | null): void {
  const chat = useChat();
  const me = useSignedIn().user.id;
  const [, navigate] = useLocation();

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const mod = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (mod && !event.altKey && !event.shiftKey && key === 'k')
        openPanel.set((now) => (now === 'switcher' ? null : 'switcher'));
      else if (mod && event.shiftKey && !event.altKey && key === 'l')
        openPanel.set((now) => (now === 'unsent' ? null : 'unsent'));
      else if (
        mod &&
        !event.altKey &&
        !event.shiftKey &&
        key === 'f' &&
        current !== null &&
        isPartlyLoaded(chat, current)
      )
        openSearch('', current);
      else if (mod && key === '/') openPanel.set((now) => (now === 'shortcuts' ? null : 'shortcuts'));
      else if (mod && key === '.') toggleMembers();
      else if (event.altKey && !mod && (key === 'arrowup' || key === 'arrowdown')) {
        const ordered = sectionsOf(chat.getSnapshot().rooms, me).flatMap((section) => section.rooms);
        const room = neighbour(ordered, current, key === 'arrowup' ? -1 : 1, event.shiftKey);
        if (room) navigate(`/rooms/${room.id}`);
      } else {
        const active = document.activeElement;
        // AltGr types characters such as "@" and "€" on many keyboards.
        const chord = (mod || event.altKey) && !event.getModifierState('AltGraph');
        if (chord || openPanel.get() !== null) return;
        const nothingFocused = active === document.body || active === null;
        if (nothingFocused && event.key === 'Escape') {
          showLatest();
          focusComposer();
        }
        // Typing anywhere goes to the composer, including this character. Space is left alone: it presses buttons and
        // scrolls.
        if (event.key.length === 1 && event.key !== ' ' && !takesKeys(active)) {
          composerField()?.focus({ preventScroll: true });
        }
        return;
      }
      event.preventDefault();
    };
    // While a dialog is still loading, typed text is meant for it and must not reach the composer.
    const whileDialogLoads = (event: KeyboardEvent) => {
      const panel = openPanel.get();
      const isLoading = panel !== null && !document.querySelector('dialog[open], [data-failed-dialog]');
      const chord = (event.ctrlKey || event.metaKey) && !event.getModifierState('AltGraph');
      // LoadingOverlay.tsx handles Escape.
      if (!isLoading || chord || event.key === 'Tab' || event.key === 'Escape') return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (panel !== 'switcher' && panel !== 'search') return;
      if (event.key === 'Backspace') typedAhead.set((text) => text.slice(0, -1));
      else if (event.key.length === 1) typedAhead.set((text) => text + event.key);
    };
    window.addEventListener('keydown', whileDialogLoads, { capture: true });
    window.addEventListener('keydown', onKeyDown);
    return () => {
      window.removeEventListener('keydown', whileDialogLoads, { capture: true });
      window.removeEventListener('keydown', onKeyDown);
    };
  }, [chat, me, current, navigate]);
}

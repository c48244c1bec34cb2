import type { Message, Quote, RoomId, TimelineView } from '@backchannel/client';
import { type RefObject, useCallback, useEffect, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';
import { useChat } from '../../app/chat.ts';
import { jumpRequest } from '../../app/jumpRequest.ts';
import { showThread } from '../../app/threads.ts';
import { useStore } from '../../ui/store.ts';
import type { Row } from './rows.ts';

/** The message to scroll to; with an empty id, the first one at or after `seq`. */
export type Target = Pick<Quote, 'id' | 'seq'>;

/** The duration of the CSS animation. */
const FLASH_MS = 2_400;

interface JumpOptions {
  readonly roomId: RoomId;
  readonly view: TimelineView;
  /** Without the replies that the room hides. */
  readonly rows: readonly Row[];
  /** Whether the room hides the message, as a reply that only its thread shows. */
  readonly isHidden: (message: Message) => boolean;
  readonly list: RefObject<VirtualizerHandle | null>;
  /** Called before the list scrolls. */
  readonly stopFollowing: () => void;
}

/** Scrolls to a message, loading it first if needed, and highlights it briefly. Opens the thread of a reply that is hidden here. */
export function useJump({ roomId, view, rows, isHidden, list, stopFollowing }: JumpOptions) {
  const chat = useChat();
  const [target, setTarget] = useState<Target | null>(null);
  const [flash, setFlash] = useState<string | null>(null);

  useEffect(() => {
    if (!target || view.loading === 'initial') return;
    const hidden = view.messages.find(({ id, seq }) => (target.id === '' ? seq === target.seq : id === target.id));
    if (hidden && isHidden(hidden)) {
      setTarget(null);
      return showThread(hidden);
    }
    const index = find(rows, target, view.hasOlder);
    const row = rows[index];
    if (view.error || row) setTarget(null);
    if (!row) return;
    stopFollowing();
    list.current?.scrollToIndex(index, { align: 'center' });
    setFlash(row.key);
  }, [target, rows, view.messages, view.loading, view.error, view.hasOlder, isHidden, list, stopFollowing]);

  useEffect(() => {
    if (flash === null) return undefined;
    const timer = setTimeout(() => setFlash(null), FLASH_MS);
    // If the pressed element is gone, focus the target row, so that the arrow keys continue from there.
    const frame = requestAnimationFrame(() => {
      if (document.activeElement !== document.body) return;
      document.querySelector<HTMLElement>(`[data-message="${CSS.escape(flash)}"]`)?.focus({ preventScroll: true });
    });
    return () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
  }, [flash]);

  const jumpTo = useCallback(
    (next: Target) => {
      setTarget(next);
      const loaded = chat.getTimeline(roomId).messages.some((message) => message.id === next.id);
      if (!loaded) void chat.openRoom(roomId, { around: next.seq });
    },
    [chat, roomId],
  );

  const request = useStore(jumpRequest, (now) => (now?.roomId === roomId ? now : null));
  useEffect(() => {
    if (request === null) return;
    jumpRequest.set(null);
    jumpTo(request);
  }, [request, jumpTo]);

  return { flash, jumpTo };
}

function find(rows: readonly Row[], target: Target, hasOlder: boolean): number {
  if (target.id !== '') return rows.findIndex((row) => row.key === target.id);
  const index = rows.findIndex((row) => row.kind === 'message' && row.message.seq >= target.seq);
  // The first loaded message may not be the first at or after `seq` while older ones can be loaded.
  const isFirst = !rows.slice(0, index).some((row) => row.kind === 'message');
  const row = rows[index];
  const isExact = row?.kind === 'message' && row.message.seq === target.seq;
  return isFirst && hasOlder && !isExact ? -1 : index;
}

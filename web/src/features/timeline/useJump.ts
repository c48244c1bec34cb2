import type { Quote, RoomId, TimelineView } from '@backchannel/client';
import { type RefObject, useEffect, useState } from 'react';
import type { VirtualizerHandle } from 'virtua';
import { useChat } from '../../app/chat.ts';
import type { Row } from './rows.ts';

/** A message to go to; with an empty id, whatever stands at that seq or after it. */
export type Target = Pick<Quote, 'id' | 'seq'>;

/** As long as the mark needs to fade. */
const FLASH_MS = 2_400;

interface Jump {
  readonly roomId: RoomId;
  readonly view: TimelineView;
  readonly rows: readonly Row[];
  readonly list: RefObject<VirtualizerHandle | null>;
  /** Called before the list moves. */
  readonly stopFollowing: () => void;
}

/** Goes to a message and marks it for a moment; what is not loaded is loaded first. */
export function useJump({ roomId, view, rows, list, stopFollowing }: Jump) {
  const chat = useChat();
  const [target, setTarget] = useState<Target | null>(null);
  const [flash, setFlash] = useState<string | null>(null);

  useEffect(() => {
    if (!target || view.loading === 'initial') return;
    const index = find(rows, target, view.hasOlder);
    const row = rows[index];
    if (view.error || row) setTarget(null);
    if (!row) return;
    stopFollowing();
    list.current?.scrollToIndex(index, { align: 'center' });
    setFlash(row.key);
  }, [target, rows, view.loading, view.error, view.hasOlder, list, stopFollowing]);

  useEffect(() => {
    if (flash === null) return undefined;
    const timer = setTimeout(() => setFlash(null), FLASH_MS);
    // What was pressed to come here may be gone; the focus then goes along, so that the keys go on from here.
    const frame = requestAnimationFrame(() => {
      if (document.activeElement !== document.body) return;
      document.querySelector<HTMLElement>(`[data-message="${CSS.escape(flash)}"]`)?.focus({ preventScroll: true });
    });
    return () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
  }, [flash]);

  return {
    flash,
    jumpTo(next: Target) {
      setTarget(next);
      const loaded = view.messages.some((message) => message.id === next.id);
      if (!loaded) void chat.openRoom(roomId, { around: next.seq });
    },
  };
}

function find(rows: readonly Row[], target: Target, hasOlder: boolean): number {
  if (target.id !== '') return rows.findIndex((row) => row.key === target.id);
  const index = rows.findIndex((row) => row.kind === 'message' && row.message.seq >= target.seq);
  // The first of what is held is what was looked for only if nothing comes before it.
  const isFirst = !rows.slice(0, index).some((row) => row.kind === 'message');
  const row = rows[index];
  const exact = row?.kind === 'message' && row.message.seq === target.seq;
  return isFirst && hasOlder && !exact ? -1 : index;
}

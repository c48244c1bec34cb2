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
  readonly letGo: () => void;
}

/** Goes to a message and marks it for a moment; what is not loaded is loaded first. */
export function useJump({ roomId, view, rows, list, letGo }: Jump) {
  const chat = useChat();
  const [target, setTarget] = useState<Target | null>(null);
  const [flash, setFlash] = useState<string | null>(null);

  useEffect(() => {
    if (!target || view.loading === 'initial') return;
    const index = rows.findIndex((row) => isTarget(row, target));
    const row = rows[index];
    if (view.error || row) setTarget(null);
    if (!row) return;
    letGo();
    list.current?.scrollToIndex(index, { align: 'center' });
    setFlash(row.key);
  }, [target, rows, view.loading, view.error, list, letGo]);

  useEffect(() => {
    if (flash === null) return undefined;
    const timer = setTimeout(() => setFlash(null), FLASH_MS);
    return () => clearTimeout(timer);
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

function isTarget(row: Row, target: Target): boolean {
  if (target.id !== '') return row.key === target.id;
  return row.kind === 'message' && row.message.seq >= target.seq;
}

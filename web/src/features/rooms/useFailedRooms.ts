import type { Room } from '@backchannel/client';
import { useMemo } from 'react';
import { useChat, useChatState } from '../../app/chat.ts';

const NONE: ReadonlySet<number> = new Set();

/**
 * The rooms with messages that could not be sent. Computed again when the rooms or the number of such messages change.
 */
export function useFailedRooms(rooms: readonly Room[]): ReadonlySet<number> {
  const chat = useChat();
  const failed = useChatState((state) => state.outbox.failed);
  return useMemo(() => {
    if (failed === 0) return NONE;
    const among = rooms.filter((room) =>
      chat.getTimeline(room.id).pending.some((message) => message.state === 'failed'),
    );
    return new Set(among.map((room) => room.id));
  }, [chat, rooms, failed]);
}

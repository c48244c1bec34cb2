import type { OutboxItem, PendingMessage } from '@backchannel/client';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { useChat } from '../../app/chat.ts';
import { useSignedIn } from '../../app/signedIn.ts';

/** Other tabs tell nobody what they keep: the device is asked, now and then. */
const LOOK_AGAIN_MS = 3_000;

export interface Unsent {
  readonly item: PendingMessage;
  /** Another tab's, or one's that does not answer: it has to be taken over before anything is done with it. */
  readonly elsewhere: boolean;
}

/** Everything this person has not sent from this device, oldest first, in whichever tab it was written. */
export function useUnsent(every_ms = LOOK_AGAIN_MS): readonly Unsent[] {
  const chat = useChat();
  const { tabs } = useSignedIn();
  const read = useCallback(() => chat.getUnsent(), [chat]);
  const own = useSyncExternalStore(chat.subscribe, read, read);
  const [others, setOthers] = useState<readonly OutboxItem[]>([]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let open = true;
    const look = async () => {
      const kept = await tabs.unsentItems().catch(() => []);
      const mine = new Set(chat.getUnsent().map(({ id }) => id));
      if (!open) return;
      const next = kept.filter(({ id }) => !mine.has(id));
      setOthers((last) => (sameItems(last, next) ? last : next));
      timer = setTimeout(() => void look(), every_ms);
    };
    void look();
    return () => {
      open = false;
      clearTimeout(timer);
    };
    // Whatever left this tab's outbox has left the device's list as well, or is another tab's now.
  }, [chat, tabs, every_ms, own]);

  const mine = new Set(own.map(({ id }) => id));
  const all = [
    ...own.map((item) => ({ item, elsewhere: false })),
    ...others.filter(({ id }) => !mine.has(id)).map((item) => ({ item: asPending(item), elsewhere: true })),
  ];
  return all.sort((a, b) => (a.item.id < b.item.id ? -1 : 1));
}

const sameItems = (a: readonly OutboxItem[], b: readonly OutboxItem[]): boolean =>
  a.length === b.length && a.every((item, index) => item.id === b[index]?.id && item.state === b[index].state);

function asPending({ userId: _userId, roomName = '', ...item }: OutboxItem): PendingMessage {
  return { ...item, roomName, change: item.change ?? null, unsure: true };
}

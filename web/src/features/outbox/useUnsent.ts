import type { OutboxItem, PendingMessage } from '@backchannel/client';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { useChat } from '../../app/chat.ts';
import { useSignedIn } from '../../app/signedIn.ts';

/** How often to read other tabs' items from storage, which does not report changes. */
const REFRESH_MS = 3_000;

export interface Unsent {
  readonly item: PendingMessage;
  /** Belongs to another tab, and must be taken over before it is changed. */
  readonly elsewhere: boolean;
}

/**
 * Everything unsent of this user on this device, from all tabs, oldest first. Reads other tabs' items every `every_ms`.
 */
export function useUnsent(every_ms = REFRESH_MS): readonly Unsent[] {
  const chat = useChat();
  const { tabs } = useSignedIn();
  const read = useCallback(() => chat.getUnsent(), [chat]);
  const own = useSyncExternalStore(chat.subscribe, read, read);
  const [others, setOthers] = useState<readonly OutboxItem[]>([]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let mounted = true;
    const refresh = async () => {
      const stored = await tabs.unsentItems().catch(() => []);
      const mine = new Set(chat.getUnsent().map(({ id }) => id));
      if (!mounted) return;
      const next = stored.filter(({ id }) => !mine.has(id));
      setOthers((last) => (sameItems(last, next) ? last : next));
      timer = setTimeout(() => void refresh(), every_ms);
    };
    void refresh();
    return () => {
      mounted = false;
      clearTimeout(timer);
    };
    // `own` is a dependency: what left this tab's outbox is gone, or belongs to another tab now.
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

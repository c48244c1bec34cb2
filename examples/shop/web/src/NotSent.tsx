import { type PendingMessage, useChat } from '@backchannel/react';
import type { ReactNode } from 'react';

/** Why a message was refused, and what a person can do about it. It stays, also over a reload, until they have. */
export function NotSent({ item }: { readonly item: PendingMessage }): ReactNode {
  const chat = useChat();
  return (
    <span role="alert">
      Not sent: {item.error?.detail}
      <button type="button" onClick={() => chat.retry(item.id)}>
        Retry
      </button>
      <button type="button" onClick={() => chat.discard(item.id)}>
        Delete
      </button>
    </span>
  );
}

import type { PendingMessage, Room } from '@backchannel/client';
import { CircleAlert } from 'lucide-react';
import { useChat } from '../../app/chat.ts';
import { Button } from '../../ui/Button.tsx';
import { discardWithUndo } from '../outbox/discard.ts';

/** Actions for all failed messages of a room. Hidden for a single one, whose row has its own actions. */
export function FailedBar({ room, pending }: { readonly room: Room; readonly pending: readonly PendingMessage[] }) {
  const chat = useChat();
  const failed = pending.filter((message) => message.state === 'failed');
  if (failed.length < 2) return null;
  return (
    <div
      role="alert"
      className="mx-3 mb-2 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-lg bg-danger-soft py-1 pr-1 pl-3 text-sm md:mx-5"
    >
      <CircleAlert className="size-4 shrink-0 text-danger" aria-hidden="true" />
      <span className="flex-1 text-danger">{failed.length} messages were not sent</span>
      <span className="flex">
        <Button size="sm" look="ghost" onClick={() => chat.retryAll(room.id)}>
          Retry all
        </Button>
        <Button size="sm" look="ghost" onClick={() => discardWithUndo(chat, failed)}>
          Delete all
        </Button>
      </span>
    </div>
  );
}

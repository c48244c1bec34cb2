import type { MessageId, RoomId } from '@backchannel/client';
import { MonitorSmartphone } from 'lucide-react';
import type { DraftLink } from '../../app/drafts.ts';
import { UserText } from '../../ui/Name.tsx';
import { plainText } from '../../ui/plainText.ts';
import { useStore } from '../../ui/store.ts';

interface DraftChoiceProps {
  readonly roomId: RoomId;
  /** Null in the room itself. */
  readonly thread: MessageId | null;
  readonly link: DraftLink;
}

const BUTTON = 'rounded-md px-2 py-1 font-medium text-accent hover:bg-hover pointer-coarse:py-2.5';

/** Offers the draft of another device where both were changed; the text in the field stays until the person chooses. */
export function DraftChoice({ roomId, thread, link }: DraftChoiceProps) {
  const other = useStore(link.choices, (all) => all[thread ?? roomId] ?? null);
  if (!other) return null;
  return (
    <div
      role="group"
      aria-label="Draft of another device"
      className="flex items-center gap-2 border-b border-line py-1 pr-1 pl-3.5 text-xs text-ink-soft"
    >
      <MonitorSmartphone className="size-3.5 shrink-0 text-accent" aria-hidden="true" />
      <span role="status" className="min-w-0 flex-1 truncate">
        Another device has{' '}
        <span className="font-medium text-ink">
          <UserText>{plainText(other.content)}</UserText>
        </span>
      </span>
      <button type="button" className={BUTTON} onClick={() => link.choose(roomId, thread, 'other')}>
        Use it
      </button>
      <button type="button" className={BUTTON} onClick={() => link.choose(roomId, thread, 'mine')}>
        Keep this
      </button>
    </div>
  );
}

import type { PendingMessage, Quote, User } from '@backchannel/client';
import { CircleAlert, Clock, Copy, PenLine, RotateCw, Trash2 } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { useChat } from '../../app/chat.ts';
import { focusComposer } from '../../app/composing.ts';
import { useSession } from '../../app/session.ts';
import { copyText } from '../../ui/copyText.ts';
import { toast } from '../../ui/Toasts.tsx';
import { clockTime } from '../../ui/time.ts';
import { Markdown } from './markdown/Markdown.tsx';
import { RowFrame } from './MessageRow.tsx';

interface PendingRowProps {
  readonly pending: PendingMessage;
  readonly quote: Quote | null;
  readonly at: number;
  readonly first: boolean;
  readonly me: User;
  readonly tabbable: boolean;
  readonly onJump: (quote: Quote) => void;
}

/** A message of one's own that the server does not have yet, or refused. */
export const PendingRow = memo(function PendingRow({
  pending,
  quote,
  at,
  first,
  me,
  tabbable,
  onJump,
}: PendingRowProps) {
  const failed = pending.state === 'failed';
  return (
    <RowFrame
      id={pending.id}
      sender={me}
      at={at}
      first={first}
      tabbable={tabbable}
      quote={quote}
      onJump={onJump}
      label={`You, ${clockTime(at)}, ${failed ? 'not sent' : 'waiting to be sent'}`}
      className={failed ? 'bg-danger-soft shadow-[inset_3px_0_0_var(--c-danger)]' : undefined}
      note={
        !failed && (
          <span className="bc-waiting text-ink-faint" title="Waiting to be sent">
            <Clock className="inline size-3.5 -translate-y-px" aria-hidden="true" />
          </span>
        )
      }
    >
      <div className={failed ? undefined : 'bc-waiting-text'}>
        <Markdown content={pending.content} mentioned={null} me="" />
      </div>
      {failed && <FailedLine pending={pending} />}
    </RowFrame>
  );
});

/** What the outbox's reasons mean to the one who wrote it. */
export function reasonText(error: PendingMessage['error']): string {
  switch (error?.code) {
    case 'expired':
      return 'It waited for more than a day. Send it now?';
    case 'unconfirmed':
      return 'It was written in an earlier visit. Send it now?';
    case 'too_large':
      return 'It is too long.';
    case 'not_a_member':
    case 'forbidden':
    case 'room_not_found':
      return 'You cannot write here any more.';
    default:
      return error?.detail || 'The server refused it.';
  }
}

function FailedLine({ pending }: { readonly pending: PendingMessage }) {
  const chat = useChat();
  const { drafts } = useSession();
  const edit = () => {
    const { text } = drafts.get(pending.roomId);
    chat.discard(pending.id);
    drafts.set(pending.roomId, { text: text ? `${pending.content}\n\n${text}` : pending.content, replyTo: null });
    focusComposer();
  };
  const ask = pending.error?.code === 'expired' || pending.error?.code === 'unconfirmed';
  return (
    <div className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-xs">
      <span className="flex items-center gap-1.5 text-danger">
        <CircleAlert className="size-3.5 shrink-0" aria-hidden="true" />
        <span>
          <strong className="font-semibold">Not sent.</strong> {reasonText(pending.error)}
        </span>
      </span>
      <span className="flex gap-0.5">
        <Act icon={<RotateCw />} onClick={() => chat.retry(pending.id)}>
          {ask ? 'Send' : 'Retry'}
        </Act>
        <Act icon={<PenLine />} onClick={edit}>
          Edit
        </Act>
        <Act
          icon={<Copy />}
          onClick={async () => {
            if (await copyText(pending.content)) toast('Copied.');
          }}
        >
          Copy
        </Act>
        <Act icon={<Trash2 />} onClick={() => chat.discard(pending.id)}>
          Delete
        </Act>
      </span>
    </div>
  );
}

function Act({
  icon,
  onClick,
  children,
}: {
  readonly icon: ReactNode;
  readonly onClick: () => void;
  readonly children: ReactNode;
}) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="flex h-6 items-center gap-1 rounded-md px-1.5 font-medium text-ink-soft hover:bg-paper hover:text-ink pointer-coarse:h-9 pointer-coarse:px-2.5 [&_svg]:size-3.5"
    >
      {icon}
      {children}
    </button>
  );
}

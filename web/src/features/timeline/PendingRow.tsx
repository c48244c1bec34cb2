import type { PendingMessage, Quote, User } from '@backchannel/client';
import { CircleAlert, Clock, Copy, PenLine, RotateCw, Trash2 } from 'lucide-react';
import { lazy, memo } from 'react';
import { useChat } from '../../app/chat.ts';
import { startEditing } from '../../app/composerSignals.ts';
import { useUploads } from '../../app/useFiles.ts';
import { loadFiles } from '../../app/lazyWithRetry.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { copyText } from '../../ui/copyText.ts';
import { toast } from '../../ui/Toasts.tsx';
import { clockTime } from '../../ui/time.ts';
import { ActionButton } from '../outbox/ActionButton.tsx';
import { backIntoDraft, discardWithUndo, showDraft } from '../outbox/discard.ts';
import { reasonText } from '../outbox/texts.ts';
import { Markdown } from './markdown/Markdown.tsx';
import { RowFrame } from './MessageRow.tsx';

const PendingFiles = lazy(async () => ({ default: (await loadFiles()).PendingFiles }));

interface PendingRowProps {
  readonly pending: PendingMessage;
  readonly quote: Quote | null;
  readonly at: number;
  readonly first: boolean;
  readonly me: User;
  readonly tabbable: boolean;
  readonly onJump: (quote: Quote) => void;
}

/** The user's own message that is waiting to be sent or failed. */
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
    >
      {failed ? (
        <Markdown content={pending.content} mentioned={null} me="" />
      ) : (
        <div className="flex items-end gap-2">
          <div className="bc-waiting-text min-w-0">
            <Markdown content={pending.content} mentioned={null} me="" />
          </div>
          <Waiting pending={pending} />
        </div>
      )}
      {pending.attachments.length > 0 && <PendingFiles pending={pending} />}
      {failed && <FailedLine pending={pending} quote={quote} />}
    </RowFrame>
  );
});

/** After the text: that it is waiting, with Edit and Delete. */
function Waiting({ pending }: { readonly pending: PendingMessage }) {
  const chat = useChat();
  const { drafts } = useSignedIn();
  const edit = useEdit(pending, null);
  const waitsForFiles = useUploads()?.isWaitingForFiles(pending.id) ?? false;
  return (
    <span className="bc-waiting flex shrink-0 items-center gap-0.5 pb-px pointer-coarse:-my-2 text-xs text-ink-faint">
      <span title="Waiting to be sent">
        <Clock className="inline size-3.5 -translate-y-px" aria-hidden="true" />
      </span>
      <span className="flex opacity-0 group-focus-within/row:opacity-100 group-hover/row:opacity-100 pointer-coarse:opacity-100">
        <ActionButton
          icon={<PenLine />}
          onClick={() =>
            waitsForFiles
              ? edit()
              : startEditing(drafts, { id: pending.id, room_id: pending.roomId, content: pending.content })
          }
        >
          Edit
        </ActionButton>
        <ActionButton icon={<Trash2 />} onClick={() => discardWithUndo(chat, [pending])}>
          Delete
        </ActionButton>
      </span>
    </span>
  );
}

/** Moves the message back into the composer, with its files where it still waits for them. */
function useEdit(pending: PendingMessage, quote: Quote | null) {
  const chat = useChat();
  const { drafts } = useSignedIn();
  const uploads = useUploads();
  return () => {
    backIntoDraft(chat, drafts, pending, pending.roomId, quote, uploads);
    showDraft(pending, pending.roomId);
  };
}

function FailedLine({ pending, quote }: { readonly pending: PendingMessage; readonly quote: Quote | null }) {
  const chat = useChat();
  const edit = useEdit(pending, quote);
  const waitsForFiles = useUploads()?.isWaitingForFiles(pending.id) ?? false;
  const expired = pending.error?.code === 'expired';
  return (
    <div className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-xs">
      <span className="flex items-center gap-1.5 text-danger">
        <CircleAlert className="size-3.5 shrink-0" aria-hidden="true" />
        <span>
          <strong className="font-semibold">Not sent.</strong>{' '}
          {waitsForFiles ? 'A file could not be uploaded.' : reasonText(pending.error)}
        </span>
      </span>
      <span className="flex gap-0.5">
        <ActionButton icon={<RotateCw />} onClick={() => chat.retry(pending.id)}>
          {expired ? 'Send' : 'Retry'}
        </ActionButton>
        {/* Files of a message that has left for the server cannot come back into a draft. */}
        {(pending.attachments.length === 0 || waitsForFiles) && (
          <ActionButton icon={<PenLine />} onClick={edit}>
            Edit
          </ActionButton>
        )}
        {pending.content !== '' && (
          <ActionButton
            icon={<Copy />}
            onClick={async () => {
              if (await copyText(pending.content)) toast('Copied.');
            }}
          >
            Copy
          </ActionButton>
        )}
        <ActionButton icon={<Trash2 />} onClick={() => discardWithUndo(chat, [pending])}>
          Delete
        </ActionButton>
      </span>
    </div>
  );
}

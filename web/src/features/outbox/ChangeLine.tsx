import type { Message, PendingChange } from '@backchannel/client';
import { CircleAlert, Clock, Copy, PenLine, RotateCw, Trash2, X } from 'lucide-react';
import { useChat } from '../../app/chat.ts';
import { startEditing } from '../../app/composerSignals.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { copyText } from '../../ui/copyText.ts';
import { toast } from '../../ui/Toasts.tsx';
import { ActionButton } from './ActionButton.tsx';
import { discardWithUndo } from './discard.ts';
import { changeText, reasonText } from './texts.ts';

interface ChangeLineProps {
  readonly message: Message;
  readonly item: PendingChange;
}

/** Below a message: a change that is waiting or failed, with the actions for it. */
export function ChangeLine({ message, item }: ChangeLineProps) {
  const chat = useChat();
  const cancel = () => discardWithUndo(chat, [item]);
  if (item.state === 'failed') return <FailedChange message={message} item={item} />;
  // A waiting reaction shows on its chip; pressing the chip cancels it.
  if (item.change.type !== 'edit_message' && item.change.type !== 'delete_message') return null;
  const isEdit = item.change.type === 'edit_message';
  return (
    <p className="bc-waiting mt-0.5 flex flex-wrap items-center gap-x-2 text-xs text-ink-faint">
      <Clock className="size-3.5 shrink-0" aria-hidden="true" />
      {isEdit ? 'Edit waiting to be sent' : 'Waiting to be deleted'}
      {(isEdit || !item.unsure) && (
        <ActionButton icon={<X />} onClick={cancel}>
          Cancel
        </ActionButton>
      )}
    </p>
  );
}

function FailedChange({ message, item }: ChangeLineProps) {
  const chat = useChat();
  const { drafts } = useSignedIn();
  const { change, content, error } = item;
  const isEdit = change.type === 'edit_message';
  const conflict = error?.code === 'edit_conflict';
  return (
    <div
      className="mt-1 rounded-md bg-danger-soft px-2.5 py-1.5 text-xs shadow-[inset_3px_0_0_var(--c-danger)]"
      role="alert"
    >
      <p className="flex items-center gap-1.5 text-danger">
        <CircleAlert className="size-3.5 shrink-0" aria-hidden="true" />
        <span>
          <strong className="font-semibold">
            {isEdit ? 'Your edit was not saved.' : `${changeText(item)}: not done.`}
          </strong>{' '}
          {reasonText(error)}
        </span>
      </p>
      {isEdit && (
        <>
          <p className="mt-1.5 text-ink-faint">{conflict ? 'It now reads as above. Your text:' : 'Your text:'}</p>
          <p
            dir="auto"
            className="max-h-40 overflow-y-auto text-sm break-words whitespace-pre-wrap text-ink scroll-thin"
          >
            {content}
          </p>
        </>
      )}
      <div className="mt-1 -ml-1.5 flex flex-wrap items-center gap-0.5">
        {error?.code !== 'message_deleted' && (
          <ActionButton icon={<RotateCw />} onClick={() => chat.retry(item.id)}>
            {conflict ? 'Use mine' : 'Retry'}
          </ActionButton>
        )}
        {isEdit && !message.deleted && (
          <ActionButton
            icon={<PenLine />}
            onClick={() => {
              startEditing(drafts, message, content);
              chat.discard(item.id);
            }}
          >
            Edit
          </ActionButton>
        )}
        {isEdit && (
          <ActionButton
            icon={<Copy />}
            onClick={async () => {
              if (await copyText(content)) toast('Copied.');
            }}
          >
            Copy
          </ActionButton>
        )}
        <ActionButton icon={<Trash2 />} onClick={() => discardWithUndo(chat, [item])}>
          {conflict ? 'Keep the other' : 'Discard'}
        </ActionButton>
      </div>
    </div>
  );
}

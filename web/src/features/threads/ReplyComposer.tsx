import type { MessageId, Room } from '@backchannel/client';
import type { ThreadsChat } from '@backchannel/client/features/threads';
import { SendHorizontal } from 'lucide-react';
import { type ClipboardEvent, type KeyboardEvent, type RefObject, useEffect, useState } from 'react';
import { useChatState } from '../../app/chat.ts';
import { NO_DRAFT } from '../../app/drafts.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { cx } from '../../ui/classes.ts';
import { useStore } from '../../ui/store.ts';
import { toast } from '../../ui/Toasts.tsx';
import { isComposing } from '../../ui/useListbox.ts';
import { useTouch } from '../../ui/useMedia.ts';
import { ComposerContext } from '../composer/ComposerContext.tsx';
import { formatByKey } from '../composer/format.ts';
import { bytesLeft, CONTENT_LIMIT_BYTES, lengthNote } from '../composer/length.ts';
import { MentionList } from '../composer/MentionList.tsx';
import { useAutoGrow } from '../composer/useAutoGrow.ts';
import { useMentionList } from '../composer/useMentionList.ts';

interface ReplyComposerProps {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly room: Room;
  readonly root: MessageId;
  readonly threads: ThreadsChat;
  /** Called on Escape, if there is no quote to drop. */
  readonly onClose: () => void;
}

/** The field for replies in a thread. A reply waits in the outbox, as a message of the room does; its draft is the thread's own. */
export function ReplyComposer({ field, room, root, threads, onClose }: ReplyComposerProps) {
  const { user, drafts } = useSignedIn();
  const touch = useTouch();
  const draft = useStore(drafts.replies, (all) => all[root] ?? NO_DRAFT);
  const limit = useChatState((state) => state.limits?.['content_bytes'] ?? CONTENT_LIMIT_BYTES);
  const [inRoom, setInRoom] = useState(false);
  const { text, replyTo } = draft;
  const left = bytesLeft(text, limit);
  const note = lengthNote(left, limit);
  const ready = text.trim() !== '' && left >= 0;

  useAutoGrow(field, text);
  useEffect(() => {
    if (!touch) field.current?.focus({ preventScroll: true });
  }, [touch, field]);

  const setText = (next: string) => drafts.setReply(root, { ...draft, text: next });
  const dropQuote = () => drafts.setReply(root, { ...draft, replyTo: null });
  const mention = useMentionList({ field, text, room, me: user.id, setText });

  const submit = () => {
    if (!ready) return;
    drafts.setReply(root, NO_DRAFT);
    setInRoom(false);
    // A failed reply is shown in the thread, with the reason.
    threads.sendReply(room.id, root, text.trim(), { replyTo: replyTo?.id ?? null, inRoom }).catch(() => undefined);
    field.current?.focus({ preventScroll: true });
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (mention.onKeyDown(event) || isComposing(event)) return;
    if (event.key === 'Enter' && !event.shiftKey && (!touch || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      submit();
    } else if (event.key === 'Escape') {
      // Handled here: not by the panel, too.
      event.preventDefault();
      if (replyTo) dropQuote();
      else onClose();
    } else formatByKey(event);
  };

  // Anywhere else, files that are pasted go to the room's composer, which would be a surprise here.
  const onPaste = (event: ClipboardEvent<HTMLTextAreaElement>) => {
    const { types } = event.clipboardData;
    if (!types.includes('Files') || types.includes('text/plain')) return;
    event.preventDefault();
    toast('A reply has no files. Attach them in the room.', 'problem');
  };

  return (
    <div className="relative shrink-0 bg-paper px-3 pb-[max(0.5rem,env(safe-area-inset-bottom))] md:px-4 md:pb-4">
      <MentionList mention={mention} />
      <div
        className={cx(
          'rounded-xl border border-line-strong bg-raised transition-[border-color,box-shadow] duration-(--quick) focus-within:border-accent',
          'focus-within:shadow-[0_0_0_3px_color-mix(in_oklab,var(--c-accent)_14%,transparent)]',
        )}
      >
        <ComposerContext editing={false} replyTo={replyTo} onCancel={dropQuote} />
        <div className="flex items-end gap-1 py-1 pr-1 pl-3">
          <textarea
            ref={field}
            {...mention.fieldProps}
            rows={1}
            value={text}
            aria-label="Reply in this thread"
            aria-describedby={note ? 'reply-note' : undefined}
            aria-invalid={left < 0 || undefined}
            placeholder="Reply…"
            enterKeyHint={touch ? 'enter' : 'send'}
            dir="auto"
            spellCheck
            onChange={(event) => {
              setText(event.target.value);
              mention.onCaret();
            }}
            onSelect={mention.onCaret}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
            onBlur={mention.close}
            className="scroll-thin max-h-[min(40dvh,22rem)] min-h-9 flex-1 resize-none bg-transparent py-[0.4375rem] text-base leading-5.5 outline-none field-sizing-content placeholder:truncate"
          />
          {note && (
            <span
              id="reply-note"
              className={cx(
                'tabular self-center px-1 text-xs',
                left < 0 ? 'font-medium text-danger' : 'text-ink-faint',
              )}
            >
              {note}
            </span>
          )}
          <button
            type="button"
            aria-label="Send reply"
            disabled={!ready}
            onPointerDown={(event) => event.preventDefault()}
            onClick={submit}
            className={cx(
              'grid size-9 shrink-0 place-items-center rounded-lg transition-colors duration-(--quick) pointer-coarse:size-10',
              ready ? 'bg-accent text-on-accent hover:bg-accent-strong' : 'text-ink-faint',
            )}
          >
            <SendHorizontal className="size-[1.125rem]" />
          </button>
        </div>
      </div>
      <label className="mt-1.5 flex w-fit items-center gap-2 px-1 text-xs text-ink-soft pointer-coarse:min-h-9">
        <input
          type="checkbox"
          checked={inRoom}
          onChange={(event) => setInRoom(event.target.checked)}
          className="size-4 accent-(--c-accent)"
        />
        Show it in the room, too
      </label>
    </div>
  );
}

import type { MessageId, Room } from '@backchannel/client';
import type { ThreadsChat } from '@backchannel/client/features/threads';
import { SendHorizontal } from 'lucide-react';
import { type KeyboardEvent, lazy, type RefObject, Suspense, useEffect, useState } from 'react';
import { useChatState } from '../../app/chat.ts';
import { NO_DRAFT } from '../../app/drafts.ts';
import { loadDrafts, loadFiles } from '../../app/lazyWithRetry.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { cx } from '../../ui/classes.ts';
import { useStore } from '../../ui/store.ts';
import { isComposing } from '../../ui/useListbox.ts';
import { useTouch } from '../../ui/useMedia.ts';
import { ComposerContext } from '../composer/ComposerContext.tsx';
import { formatByKey } from '../composer/format.ts';
import { bytesLeft, CONTENT_LIMIT_BYTES, lengthNote } from '../composer/length.ts';
import { MentionList } from '../composer/MentionList.tsx';
import { useAutoGrow } from '../composer/useAutoGrow.ts';
import { useMentionList } from '../composer/useMentionList.ts';
import { AttachButton } from '../files/AttachButton.tsx';
import { useDraftFiles } from '../files/useDraftFiles.ts';
import { laterProblem, SendLaterButton } from '../schedule/SendLaterButton.tsx';

const ComposerFiles = lazy(async () => ({ default: (await loadFiles()).ComposerFiles }));
const DraftChoice = lazy(async () => ({ default: (await loadDrafts()).DraftChoice }));

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
  const files = useDraftFiles({ roomId: room.id, thread: root });
  const touch = useTouch();
  const draft = useStore(drafts.replies, (all) => all[root] ?? NO_DRAFT);
  const link = useStore(drafts.link, (value) => value);
  const limit = useChatState((state) => state.limits?.['content_bytes'] ?? CONTENT_LIMIT_BYTES);
  const [inRoom, setInRoom] = useState(false);
  const [isSendingLater, setSendingLater] = useState(false);
  const { text, replyTo } = draft;
  const left = bytesLeft(text, limit);
  const note = lengthNote(left, limit);
  const ready = (text.trim() !== '' || files.count > 0) && left >= 0;

  useAutoGrow(field, text);
  useEffect(() => {
    if (!touch) field.current?.focus({ preventScroll: true });
  }, [touch, field]);

  const setText = (next: string) => drafts.setReply(room.id, root, { ...draft, text: next });
  const dropQuote = () => drafts.setReply(room.id, root, { ...draft, replyTo: null });
  const mention = useMentionList({ field, text, room, me: user.id, setText });

  const focusField = () => field.current?.focus({ preventScroll: true });

  const submit = () => {
    if (!ready || !files.check()) return;
    const content = text.trim();
    const quoted = replyTo?.id ?? null;
    const inThread = { thread: root, in_room: inRoom, ...link?.sending(room.id, root) };
    drafts.setReply(room.id, root, NO_DRAFT);
    setInRoom(false);
    // A failed reply is shown in the thread, with the reason.
    const sent =
      files.count > 0
        ? files.send(content, quoted, inThread)
        : threads.sendReply(room.id, root, content, { replyTo: quoted, inRoom, draft_rev: inThread.draft_rev });
    link?.sent(room.id, sent, root);
    sent.catch(() => undefined);
    focusField();
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (mention.onKeyDown(event) || isComposing(event)) return;
    if (event.key === 'Enter' && event.shiftKey && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      setSendingLater(true);
    } else if (event.key === 'Enter' && !event.shiftKey && (!touch || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      submit();
    } else if (event.key === 'Escape') {
      // Handled here: not by the panel, too.
      event.preventDefault();
      if (replyTo) dropQuote();
      else onClose();
    } else formatByKey(event);
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
        {link && (
          <Suspense fallback={null}>
            <DraftChoice roomId={room.id} thread={root} link={link} />
          </Suspense>
        )}
        {files.uploads && (
          <Suspense fallback={null}>
            <ComposerFiles uploads={files.uploads} room={room} place={files.place} focusField={focusField} />
          </Suspense>
        )}
        <div className="flex items-end gap-1 p-1">
          <AttachButton onFiles={files.add} />
          <textarea
            ref={field}
            data-reply
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
          <SendLaterButton
            place={{ roomId: room.id, thread: root, inRoom }}
            problem={laterProblem(text, left, files.count)}
            open={isSendingLater}
            onOpen={setSendingLater}
          />
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

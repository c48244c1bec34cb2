import type { Room } from '@backchannel/client';
import { SendHorizontal } from 'lucide-react';
import { type KeyboardEvent, lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useChat, useChatState } from '../../app/chat.ts';
import {
  composerSignals,
  focusComposer,
  setUndoableEdit,
  showLatest,
  startEditing,
  stopEditing,
} from '../../app/composerSignals.ts';
import { NO_DRAFT } from '../../app/drafts.ts';
import { loadDrafts, loadFiles } from '../../app/lazyWithRetry.ts';
import { roomLabel } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { cx } from '../../ui/classes.ts';
import { useStore } from '../../ui/store.ts';
import { isComposing } from '../../ui/useListbox.ts';
import { useTouch } from '../../ui/useMedia.ts';
import { AttachButton } from '../files/AttachButton.tsx';
import { useDraftFiles } from '../files/useDraftFiles.ts';
import { discardWithUndo } from '../outbox/discard.ts';
import { laterProblem, SendLaterButton } from '../schedule/SendLaterButton.tsx';
import { withPendingChanges, changesByMessage } from '../timeline/pendingChanges.ts';
import { ComposerContext } from './ComposerContext.tsx';
import { formatByKey } from './format.ts';
import { bytesLeft, CONTENT_LIMIT_BYTES, lengthNote } from './length.ts';
import { MentionList } from './MentionList.tsx';
import { useAutoGrow } from './useAutoGrow.ts';
import { useMentionList } from './useMentionList.ts';

const ComposerFiles = lazy(async () => ({ default: (await loadFiles()).ComposerFiles }));

const DraftChoice = lazy(async () => ({ default: (await loadDrafts()).DraftChoice }));
const ScheduledNote = lazy(async () => ({ default: (await loadDrafts()).ScheduledNote }));

/** The message field. It works the same with and without a connection: messages wait in the outbox. */
export function Composer({ room }: { readonly room: Room }) {
  const chat = useChat();
  const { user, drafts } = useSignedIn();
  const files = useDraftFiles({ roomId: room.id, thread: null });
  const touch = useTouch();
  const draft = useStore(drafts.store, (all) => all[room.id] ?? NO_DRAFT);
  const editing = useStore(drafts.edits, (all) => all[room.id] ?? null);
  const focusRequests = useStore(composerSignals, (value) => value.focusRequests);
  const link = useStore(drafts.link, (value) => value);
  const limit = useChatState((state) => state.limits?.['content_bytes'] ?? CONTENT_LIMIT_BYTES);
  const field = useRef<HTMLTextAreaElement>(null);
  const [isSendingLater, setSendingLater] = useState(false);

  const text = editing ? editing.text : draft.text;
  const left = bytesLeft(text, limit);
  const note = lengthNote(left, limit);
  const ready = (text.trim() !== '' || (!editing && files.count > 0)) && left >= 0;

  useAutoGrow(field, text);
  // Focus on opening a room, except on a phone, where the keyboard would cover the messages.
  useEffect(() => {
    if (!touch) field.current?.focus({ preventScroll: true });
  }, [touch]);
  const handledRequests = useRef(focusRequests);
  useEffect(() => {
    if (focusRequests === handledRequests.current) return;
    handledRequests.current = -1;
    const element = field.current;
    element?.focus({ preventScroll: true });
    element?.setSelectionRange(element.value.length, element.value.length);
  }, [focusRequests]);

  const setText = (next: string) => {
    setUndoableEdit(null);
    if (editing) drafts.setEdit(room.id, { ...editing, text: next });
    else {
      drafts.set(room.id, { ...drafts.get(room.id), text: next });
      chat.setTyping(room.id, next.trim() !== '');
    }
  };
  const mention = useMentionList({ field, text, room, me: user.id, setText });

  const submit = () => {
    if (!ready) return;
    setUndoableEdit(null);
    if (editing) {
      const { base } = editing;
      // A failed edit is shown at the message, with its text.
      chat.editMessage(base, text.trim()).catch(() => undefined);
      const queued = chat.getTimeline(room.id).changes.findLast(({ change }) => change.message_id === base.id);
      if (queued) setUndoableEdit({ roomId: room.id, id: queued.id });
      stopEditing(drafts, room.id);
      return;
    }
    if (!files.check()) return;
    const content = text.trim();
    const replyTo = draft.replyTo?.id ?? null;
    const inThread = link?.sending(room.id);
    drafts.set(room.id, NO_DRAFT);
    chat.setTyping(room.id, false);
    // A failed message is shown in the timeline, with the reason.
    const sent =
      files.count > 0
        ? files.send(content, replyTo, inThread)
        : chat.sendChatMessage(room.id, content, replyTo, inThread && { inThread });
    link?.sent(room.id, sent);
    sent.catch(() => undefined);
    showLatest();
    field.current?.focus({ preventScroll: true });
  };

  const editLast = () => {
    const { messages, pending, changes } = chat.getTimeline(room.id);
    const unsent = pending.at(-1);
    const mine = messages.findLast((message) => message.sender.id === user.id && !message.deleted);
    if (unsent) startEditing(drafts, { id: unsent.id, room_id: room.id, content: unsent.content });
    else if (mine)
      startEditing(
        drafts,
        mine,
        withPendingChanges(mine, changesByMessage(changes).get(mine.id) ?? [], user.id).content,
      );
    return unsent !== undefined || mine !== undefined;
  };

  /** Cancels the last submitted edit if it is still waiting. Returns whether it was. */
  const cancelLastEdit = () => {
    const { undoableEdit } = composerSignals.get();
    const item = chat.getTimeline(room.id).changes.find(({ id }) => id === undoableEdit?.id);
    setUndoableEdit(null);
    if (item) discardWithUndo(chat, [item]);
    return item !== undefined;
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (mention.onKeyDown(event) || isComposing(event)) return;
    if (event.key === 'Enter' && event.shiftKey && (event.ctrlKey || event.metaKey) && !editing) {
      event.preventDefault();
      setSendingLater(true);
    } else if (event.key === 'Enter' && !event.shiftKey && (!touch || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      submit();
    } else if (event.key === 'Escape') {
      if (editing) stopEditing(drafts, room.id);
      else if (draft.replyTo) drafts.set(room.id, { ...draft, replyTo: null });
      else if (!cancelLastEdit()) showLatest();
    } else if (event.key === 'ArrowUp' && text === '' && !event.altKey && !event.shiftKey) {
      if (editLast()) event.preventDefault();
    } else formatByKey(event);
  };

  const place = { roomId: room.id, thread: null, inRoom: false };
  const label = `Message ${roomLabel(room, user.id)}`;
  return (
    <div className="relative shrink-0 bg-paper px-3 pb-[max(0.5rem,env(safe-area-inset-bottom))] md:px-5 md:pb-4">
      <MentionList mention={mention} />
      <div
        className={cx(
          'rounded-xl border bg-raised transition-[border-color,box-shadow] duration-(--quick)',
          'focus-within:shadow-[0_0_0_3px_color-mix(in_oklab,var(--c-accent)_14%,transparent)]',
          editing ? 'border-accent' : 'border-line-strong focus-within:border-accent',
        )}
      >
        <ComposerContext
          editing={editing !== null}
          replyTo={draft.replyTo}
          onCancel={() => (editing ? stopEditing(drafts, room.id) : drafts.set(room.id, { ...draft, replyTo: null }))}
        />
        {link && !editing && (
          <Suspense fallback={null}>
            <DraftChoice roomId={room.id} thread={null} link={link} />
            <ScheduledNote roomId={room.id} />
          </Suspense>
        )}
        {files.uploads && (
          <Suspense fallback={null}>
            <ComposerFiles uploads={files.uploads} room={room} place={files.place} focusField={focusComposer} />
          </Suspense>
        )}
        <div className={cx('flex items-end gap-1 py-1 pr-1', editing ? 'pl-3.5' : 'pl-1')}>
          {!editing && <AttachButton onFiles={files.add} />}
          <textarea
            ref={field}
            data-focus-home
            {...mention.fieldProps}
            rows={1}
            value={text}
            aria-label={editing ? 'Edit message' : label}
            aria-describedby={note ? 'composer-note' : undefined}
            aria-invalid={left < 0 || undefined}
            placeholder={label}
            enterKeyHint={touch ? 'enter' : 'send'}
            dir="auto"
            spellCheck
            onChange={(event) => {
              setText(event.target.value);
              mention.onCaret();
            }}
            onSelect={mention.onCaret}
            onKeyDown={onKeyDown}
            onBlur={() => {
              mention.close();
              chat.setTyping(room.id, false);
            }}
            className="scroll-thin max-h-[min(40dvh,22rem)] min-h-9 flex-1 resize-none bg-transparent py-[0.4375rem] text-base leading-5.5 outline-none field-sizing-content placeholder:truncate"
          />
          {note && (
            <span
              id="composer-note"
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
            aria-label={editing ? 'Save' : 'Send'}
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
          {!editing && (
            <SendLaterButton
              place={place}
              problem={laterProblem(text, left, files.count)}
              open={isSendingLater}
              onOpen={setSendingLater}
            />
          )}
        </div>
      </div>
    </div>
  );
}

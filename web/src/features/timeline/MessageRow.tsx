import type { Message, PendingChange, Quote, User } from '@backchannel/client';
import { Pin, Undo2 } from 'lucide-react';
import { type KeyboardEvent, lazy, memo, type PointerEvent, type ReactNode, use, useMemo, useState } from 'react';
import { useUsernames } from '../../app/directory.ts';
import { undoDeletion, useDeletion } from '../../app/heldDeletions.ts';
import { loadFiles } from '../../app/lazyWithRetry.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { cx } from '../../ui/classes.ts';
import { Name } from '../../ui/Name.tsx';
import { nameInText } from '../../ui/names.ts';
import { clockTime, fullTime, isoTime, narrowTime } from '../../ui/time.ts';
import { ActionButton } from '../outbox/ActionButton.tsx';
import { ChangeLine } from '../outbox/ChangeLine.tsx';
import { InThreadContext } from './inThread.ts';
import { Markdown } from './markdown/Markdown.tsx';
import { MessageMenu, MessageToolbar } from './MessageActions.tsx';
import { withPendingChanges } from './pendingChanges.ts';
import { QuoteLine } from './QuoteLine.tsx';
import { Reactions } from './Reactions.tsx';
import { ThreadOriginLine, ThreadSummaryLine } from './ThreadLine.tsx';
import { useLongPress } from './useLongPress.ts';

/** The list waits for it where the first messages have files, so that no row grows later. */
const Attachments = lazy(async () => ({ default: (await loadFiles()).Attachments }));

export interface RowFrameProps {
  readonly id: string;
  readonly sender: User;
  /** ms since 1970. */
  readonly at: number;
  /** Whether it shows the sender: the first message of a group. */
  readonly first: boolean;
  /** Whether it is in the tab order: one row is, the arrow keys reach the others. */
  readonly tabbable: boolean;
  /** Highlighted for a moment. */
  readonly flash?: boolean;
  readonly className?: string | undefined;
  readonly quote: Quote | null;
  readonly onJump: (quote: Quote) => void;
  /** Shown after the sender's name, or after the text if no name is shown. */
  readonly note?: ReactNode;
  readonly children: ReactNode;
  readonly overlay?: ReactNode;
  readonly label: string;
}

/** The layout of all messages, sent or unsent: avatar or time at the left, quote, name, text. */
export function RowFrame(props: RowFrameProps) {
  const { sender, at, first, quote } = props;
  return (
    <article
      tabIndex={props.tabbable ? 0 : -1}
      data-message={props.id}
      aria-setsize={-1}
      aria-label={props.label}
      className={cx(
        'group/row relative flex gap-3 px-3 outline-offset-[-2px] md:px-5',
        first ? 'pt-2 pb-[3px]' : 'py-[3px]',
        props.flash && 'animate-flash',
        props.className,
      )}
    >
      <div className="w-9 shrink-0">
        {first ? (
          <Avatar user={sender} className={cx('size-9 text-[0.8125rem]', quote ? 'mt-6' : 'mt-0.5')} />
        ) : (
          <time
            dateTime={isoTime(at)}
            title={fullTime(at)}
            className="tabular block overflow-hidden pt-[3px] text-center text-[0.625rem] leading-4 whitespace-nowrap text-ink-faint opacity-0 group-hover/row:opacity-100 group-focus-within/row:opacity-100"
          >
            {narrowTime(at)}
          </time>
        )}
      </div>
      <div className="min-w-0 flex-1">
        {quote && <QuoteLine quote={quote} onJump={props.onJump} />}
        {first && (
          <p className="flex items-baseline gap-2">
            <span className="truncate text-base font-semibold tracking-[-0.006em]">
              <Name of={sender} />
            </span>
            {sender.kind === 'bot' && (
              <span className="shrink-0 rounded bg-hover px-1 text-2xs text-ink-soft">bot</span>
            )}
            <time dateTime={isoTime(at)} title={fullTime(at)} className="tabular shrink-0 text-2xs text-ink-faint">
              {clockTime(at)}
            </time>
            {props.note}
          </p>
        )}
        {props.children}
      </div>
      {!first && props.note && <div className="shrink-0">{props.note}</div>}
      {props.overlay}
    </article>
  );
}

interface MessageRowProps {
  readonly message: Message;
  readonly changes: readonly PendingChange[];
  readonly at: number;
  readonly first: boolean;
  readonly me: User;
  readonly tabbable: boolean;
  readonly flash: boolean;
  readonly onJump: (quote: Quote) => void;
}

type OpenMenu = { readonly anchor: HTMLElement | { x: number; y: number } };

/** A message the server has. Renders again only when it or a waiting change of it changes. */
export const MessageRow = memo(function MessageRow({
  message,
  changes,
  at,
  first,
  me,
  tabbable,
  flash,
  onJump,
}: MessageRowProps) {
  const inThread = use(InThreadContext) !== null;
  const [hovered, setHovered] = useState(false);
  const [menu, setMenu] = useState<OpenMenu | null>(null);
  const mentioned = useMentioned(message);
  const press = useLongPress((x, y) => setMenu({ anchor: { x, y } }));
  const shown = useMemo(() => withPendingChanges(message, changes, me.id), [message, changes, me.id]);

  const deletion = useDeletion(message.id);

  if (message.deleted || deletion) {
    return (
      // In a <div> as below, so that React keeps the row's element and its focus.
      <div>
        <RowFrame {...frameOf(message, at, first, tabbable, onJump)} quote={null} flash={flash}>
          <div className="flex flex-wrap items-center gap-x-2 text-ink-faint">
            <p className="italic">Message deleted</p>
            {!message.deleted && deletion === 'held' && (
              <ActionButton icon={<Undo2 />} onClick={() => undoDeletion(me.id, message.id)}>
                Undo
              </ActionButton>
            )}
          </div>
          {!deletion && changes.map((item) => <ChangeLine key={item.id} message={message} item={item} />)}
          {!inThread && <ThreadSummaryLine message={message} />}
        </RowFrame>
      </div>
    );
  }

  const onKeyDown = (event: KeyboardEvent) => {
    const row = (event.target as HTMLElement).closest('article');
    if (event.target !== row || event.key !== 'Enter') return;
    event.preventDefault();
    setMenu({ anchor: row });
  };
  const onHover = (event: PointerEvent) => {
    if (event.pointerType === 'mouse') setHovered(true);
  };
  const mentionsMe = message.mentions.includes(me.id);
  const rowClass = mentionsMe
    ? 'bg-ember-soft shadow-[inset_3px_0_0_var(--c-ember)]'
    : hovered || menu
      ? 'bg-shade'
      : undefined;

  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- handles bubbling events; it is not a control itself
    <div
      className="pointer-coarse:select-none pointer-coarse:[-webkit-touch-callout:none]"
      {...press}
      onKeyDown={onKeyDown}
      // For mouse and keyboard; on touch, a long press opens the menu. Over and move, not enter: `pointerenter` does
      // not fire when scrolling or a new row puts a row under a still pointer.
      onPointerOver={onHover}
      onPointerMove={onHover}
      onPointerLeave={() => setHovered(false)}
      onFocus={(event) => event.target.matches(':focus-visible') && setHovered(true)}
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setHovered(false)}
    >
      <RowFrame
        {...frameOf(message, at, first, tabbable, onJump)}
        flash={flash}
        note={first && message.edited_at && <EditedNote at={message.edited_at} />}
        className={rowClass}
        overlay={
          <>
            {(hovered || menu) && (
              <MessageToolbar
                message={shown}
                base={message}
                mine={message.sender.id === me.id}
                onMenu={(anchor) => setMenu({ anchor })}
                menuOpen={menu !== null}
              />
            )}
            {menu && (
              <MessageMenu
                message={shown}
                base={message}
                mine={message.sender.id === me.id}
                anchor={menu.anchor}
                onClose={() => setMenu(null)}
              />
            )}
          </>
        }
      >
        <div className={cx(changes.some(isWaiting) && 'bc-waiting-text')}>
          {shown.content !== '' && <Markdown content={shown.content} mentioned={mentioned} me={me.username} />}
          {shown.attachments.length > 0 && <Attachments files={shown.attachments} />}
        </div>
        {!first && message.edited_at && <EditedNote at={message.edited_at} />}
        {message.pinned && <PinnedNote />}
        {shown.reactions.length > 0 && <Reactions message={shown} changes={changes} me={me.id} />}
        {changes.map((item) => (
          <ChangeLine key={item.id} message={message} item={item} />
        ))}
        {!inThread &&
          (message.thread ? <ThreadOriginLine message={message} /> : <ThreadSummaryLine message={message} />)}
      </RowFrame>
    </div>
  );
});

/** The change alters or deletes the text and is not done yet. */
const isWaiting = ({ state, change }: PendingChange): boolean =>
  state !== 'failed' && (change.type === 'edit_message' || change.type === 'delete_message');

function EditedNote({ at }: { readonly at: string }) {
  return (
    <span className="text-2xs text-ink-faint" title={`Edited ${fullTime(Date.parse(at))}`}>
      edited
    </span>
  );
}

function PinnedNote() {
  return (
    <p className="flex items-center gap-1 text-2xs text-ink-faint">
      <Pin className="size-3" aria-hidden="true" />
      Pinned
    </p>
  );
}

function frameOf(message: Message, at: number, first: boolean, tabbable: boolean, onJump: (quote: Quote) => void) {
  return {
    id: message.id,
    sender: message.sender,
    at,
    first,
    tabbable,
    quote: message.reply_to,
    onJump,
    label: `${nameInText(message.sender)}, ${clockTime(at)}`,
  };
}

/** The lower-case usernames of `mentions`; null while one of them is unknown. */
function useMentioned(message: Message): ReadonlySet<string> | null {
  const key = useUsernames(message.mentions);
  return useMemo(() => {
    const all = key === '' ? [] : key.split(' ');
    return all.includes('') ? null : new Set(all.map((name) => name.toLowerCase()));
  }, [key]);
}

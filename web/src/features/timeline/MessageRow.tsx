import type { Message, PendingChange, Quote, User } from '@backchannel/client';
import { type KeyboardEvent, memo, type PointerEvent, type ReactNode, useMemo, useState } from 'react';
import { useUsernames } from '../../app/directory.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { cx } from '../../ui/classes.ts';
import { Name } from '../../ui/Name.tsx';
import { nameInText } from '../../ui/names.ts';
import { clockTime, fullTime, isoTime, narrowTime } from '../../ui/time.ts';
import { ChangeLine } from '../outbox/ChangeLine.tsx';
import { Markdown } from './markdown/Markdown.tsx';
import { MessageMenu, MessageToolbar } from './MessageActions.tsx';
import { withPendingChanges } from './pendingChanges.ts';
import { QuoteLine } from './QuoteLine.tsx';
import { Reactions } from './Reactions.tsx';
import { useLongPress } from './useLongPress.ts';

export interface RowFrameProps {
  readonly id: string;
  readonly sender: User;
  readonly at: number;
  readonly first: boolean;
  /** In the tab order: one row of the list is, the others are reached by the arrows. */
  readonly tabbable: boolean;
  readonly flash?: boolean;
  readonly className?: string | undefined;
  readonly quote: Quote | null;
  readonly onJump: (quote: Quote) => void;
  /** Stands behind the name, or behind the text where no name is shown. */
  readonly note?: ReactNode;
  readonly children: ReactNode;
  readonly overlay?: ReactNode;
  readonly label: string;
}

/** The shape all messages share, sent or not: face or time at the left, name, quote, text. */
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

type Opened = { readonly anchor: HTMLElement | { x: number; y: number } };

/** A message the server has. Drawn again only when it, or what waits to become of it, changes. */
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
  const [near, setNear] = useState(false);
  const [menu, setMenu] = useState<Opened | null>(null);
  const mentioned = useMentioned(message);
  const press = useLongPress((x, y) => setMenu({ anchor: { x, y } }));
  const shown = useMemo(() => withPendingChanges(message, changes, me.id), [message, changes, me.id]);

  if (message.deleted) {
    return (
      // In a <div> as below, so that the row stays the same element, and keeps the focus.
      <div>
        <RowFrame {...frameOf(message, at, first, tabbable, onJump)} quote={null} flash={flash}>
          <p className="text-ink-faint italic">Message deleted</p>
          {changes.map((item) => (
            <ChangeLine key={item.id} message={message} item={item} />
          ))}
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
    if (event.pointerType === 'mouse') setNear(true);
  };
  const mentionsMe = message.mentions.includes(me.id);
  const rowClass = mentionsMe
    ? 'bg-ember-soft shadow-[inset_3px_0_0_var(--c-ember)]'
    : near || menu
      ? 'bg-shade'
      : undefined;

  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- hears what bubbles up; no control of its own
    <div
      className="pointer-coarse:select-none pointer-coarse:[-webkit-touch-callout:none]"
      {...press}
      onKeyDown={onKeyDown}
      // By mouse or keys, on a screen of any width; a finger has the sheet. Move, not enter: the pointer may rest on a row whose
      // toolbar was sent away, or come to rest on one because the list scrolled.
      onPointerOver={onHover}
      onPointerMove={onHover}
      onPointerLeave={() => setNear(false)}
      onFocus={(event) => event.target.matches(':focus-visible') && setNear(true)}
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setNear(false)}
    >
      <RowFrame
        {...frameOf(message, at, first, tabbable, onJump)}
        flash={flash}
        note={first && message.edited_at && <EditedNote at={message.edited_at} />}
        className={rowClass}
        overlay={
          <>
            {(near || menu) && (
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
          <Markdown content={shown.content} mentioned={mentioned} me={me.username} />
        </div>
        {!first && message.edited_at && <EditedNote at={message.edited_at} />}
        {shown.reactions.length > 0 && <Reactions message={shown} changes={changes} me={me.id} />}
        {changes.map((item) => (
          <ChangeLine key={item.id} message={message} item={item} />
        ))}
      </RowFrame>
    </div>
  );
});

/** The text is not what the server has, or is to go. */
const isWaiting = ({ state, change }: PendingChange): boolean =>
  state !== 'failed' && (change.type === 'edit_message' || change.type === 'delete_message');

function EditedNote({ at }: { readonly at: string }) {
  return (
    <span className="text-2xs text-ink-faint" title={`Edited ${fullTime(Date.parse(at))}`}>
      edited
    </span>
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

/** The usernames behind `mentions`; null where somebody among them is not known by name yet. */
function useMentioned(message: Message): ReadonlySet<string> | null {
  const key = useUsernames(message.mentions);
  return useMemo(() => {
    const all = key === '' ? [] : key.split(' ');
    return all.includes('') ? null : new Set(all.map((name) => name.toLowerCase()));
  }, [key]);
}

import type { Room } from '@backchannel/client';
import { BellOff, CircleAlert, PencilLine } from 'lucide-react';
import { memo } from 'react';
import { Link } from 'wouter';
import { RoomName } from '../../app/RoomName.tsx';
import { isQuiet } from '../../app/roomLevels.ts';
import { roomLabel, topicOf } from '../../app/roomNames.ts';
import { useIsNewRoom } from '../../app/membershipChanges.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { cx } from '../../ui/classes.ts';
import { truncate, firstNameInText } from '../../ui/names.ts';
import { plainText } from '../../ui/plainText.ts';
import { useStore } from '../../ui/store.ts';
import { briefTime } from '../../ui/time.ts';
import { RoomIcon } from './RoomIcon.tsx';
import { ThreadBadge } from './ThreadBadge.tsx';

interface RoomRowProps {
  readonly room: Room;
  readonly current: boolean;
  /** It has messages that could not be sent. */
  readonly failed: boolean;
  readonly now: number;
}

/** One room of the sidebar; renders again only when that room changes. */
export const RoomRow = memo(function RoomRow({ room, current, failed, now }: RoomRowProps) {
  const { user, drafts } = useSignedIn();
  const draft = useStore(drafts.store, (all) => all[room.id]);
  const edit = useStore(drafts.edits, (all) => all[room.id]);
  const reply = useStore(drafts.replies, (all) => Object.values(all).find((each) => each.roomId === room.id));
  const unread = room.unread_count > 0 && !current;
  const { thread_unread_count: replies = 0, thread_mention_count: replyMentions = 0 } = room;
  const quiet = isQuiet(room, now);
  const isNew = useIsNewRoom(room.id) && !current;
  const last = room.last_message;
  return (
    <Link
      href={`/rooms/${room.id}`}
      aria-current={current ? 'page' : undefined}
      aria-label={accessibleName(room, user.id, {
        unread,
        quiet,
        replies,
        isNew,
        draft: draft !== undefined || edit !== undefined,
        replyDraft: reply !== undefined,
        failed,
      })}
      data-room={room.id}
      className={cx(
        'group relative flex items-center gap-2.5 rounded-lg px-2 py-[0.3125rem] select-none pointer-coarse:py-2.5',
        'transition-colors duration-(--quick) [--dot-ground:var(--c-shade)]',
        current
          ? 'bg-accent-soft text-ink [--dot-ground:var(--c-accent-soft)]'
          : 'text-ink-soft hover:bg-hover hover:[--dot-ground:var(--c-hover)]',
      )}
    >
      <RoomIcon room={room} />
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-2">
          <span
            className={cx(
              'truncate',
              ((unread || replies > 0) && !quiet) || isNew || current ? 'font-semibold text-ink' : 'font-medium',
              quiet && !current && !isNew && 'text-ink-faint',
            )}
          >
            <RoomName room={room} me={user.id} />
          </span>
          {last && (
            <time
              dateTime={last.timestamp}
              className={cx('tabular ml-auto shrink-0 text-2xs', current ? 'text-ink-soft' : 'text-ink-faint')}
            >
              {briefTime(Date.parse(last.timestamp), now)}
            </time>
          )}
        </span>
        <span className="flex h-[1.125rem] items-center gap-1.5">
          <span
            className={cx(
              'min-w-0 flex-1 truncate text-xs',
              (unread && !quiet) || current ? 'text-ink-soft' : 'text-ink-faint',
            )}
          >
            {edit && !current ? (
              <>
                <PencilLine aria-hidden="true" className="mr-1 inline size-3 -translate-y-px text-accent" />
                <span className="text-accent">Editing:</span> <bdi>{truncate(edit.text, 160)}</bdi>
              </>
            ) : draft && !current ? (
              <>
                <PencilLine aria-hidden="true" className="mr-1 inline size-3 -translate-y-px text-accent" />
                <span className="text-accent">Draft:</span> <bdi>{truncate(draft.text, 160)}</bdi>
              </>
            ) : reply && !current ? (
              <>
                <PencilLine aria-hidden="true" className="mr-1 inline size-3 -translate-y-px text-accent" />
                <span className="text-accent">Draft in a thread:</span> <bdi>{truncate(reply.text, 160)}</bdi>
              </>
            ) : (
              <Preview room={room} me={user.id} />
            )}
          </span>
          {failed && <CircleAlert aria-hidden="true" className="size-3.5 shrink-0 text-danger" />}
          {!quiet && <ThreadBadge unread={replies} mentions={replyMentions} />}
          {quiet && <BellOff aria-hidden="true" className="size-3 shrink-0 text-ink-faint" />}
          {unread && <Badge room={room} quiet={quiet} />}
          {isNew && !unread && (
            <span className="shrink-0 rounded-full bg-accent px-1.5 text-2xs font-semibold text-on-accent">New</span>
          )}
        </span>
      </span>
    </Link>
  );
});

function Badge({ room, quiet }: { readonly room: Room; readonly quiet: boolean }) {
  const many = room.unread_count >= 100 ? '99+' : String(room.unread_count);
  if (quiet) return <span className="tabular shrink-0 text-2xs text-ink-faint">{many}</span>;
  if (room.mention_count > 0) {
    return (
      <span className="tabular shrink-0 rounded-full bg-ember px-1.5 text-2xs font-semibold text-on-ember">
        @{room.mention_count > 1 ? ` ${room.mention_count}` : ''}
      </span>
    );
  }
  const isPersonal = room.kind !== 'channel';
  return (
    <span
      className={cx(
        'tabular shrink-0 rounded-full px-1.5 text-2xs font-semibold',
        isPersonal ? 'bg-accent text-on-accent' : 'bg-press text-ink-soft',
      )}
    >
      {many}
    </span>
  );
}

function Preview({ room, me }: { readonly room: Room; readonly me: number }) {
  const last = room.last_message;
  if (!last) return room.kind === 'direct' ? 'Say hello' : <bdi>{topicOf(room) || 'No messages yet'}</bdi>;
  // Deleted, or nothing visible: show no sender before an empty text.
  if (plainText(last.content) === '') return last.content === '' ? 'Message deleted' : 'Message';
  const prefix = last.sender.id === me ? 'You: ' : room.kind === 'direct' ? '' : `${firstNameInText(last.sender)}: `;
  return (
    <>
      {prefix}
      <bdi>{plainText(last.content)}</bdi>
    </>
  );
}

interface Marks {
  readonly unread: boolean;
  readonly quiet: boolean;
  /** Unread replies in followed threads. */
  readonly replies: number;
  readonly isNew: boolean;
  readonly draft: boolean;
  readonly replyDraft: boolean;
  readonly failed: boolean;
}

function accessibleName(room: Room, me: number, marks: Marks): string {
  const { unread, quiet, replies, isNew, draft, replyDraft, failed } = marks;
  const title = roomLabel(room, me);
  const parts = [room.kind === 'channel' ? `Channel ${title.slice(1)}` : title];
  if (isNew) parts.push('new: you were added');
  if (unread) parts.push(`${room.unread_count} unread`);
  if (unread && room.mention_count > 0) parts.push(`${room.mention_count} mentioning you`);
  if (replies > 0) parts.push(`${replies} unread in threads`);
  if (quiet) parts.push('muted');
  if (draft) parts.push('has a draft');
  if (replyDraft) parts.push('has a draft in a thread');
  if (failed) parts.push('has a message that was not sent');
  return parts.join(', ');
}

import type { Hit, Room } from '@backchannel/client';
import { memo } from 'react';
import { RoomName } from '../../app/RoomName.tsx';
import { Avatar } from '../../ui/Avatar.tsx';
import { Name } from '../../ui/Name.tsx';
import { cleanName } from '../../ui/names.ts';
import { briefTime, fullTime, isoTime } from '../../ui/time.ts';
import { excerptOf } from './excerpt.ts';

interface HitRowProps {
  readonly hit: Hit;
  /** Undefined for a room that the user has left. */
  readonly room: Room | undefined;
  readonly me: number;
  readonly now: number;
  /** Shows all of the text: of a message in a room that cannot be opened. */
  readonly isWhole: boolean;
}

/** What an option of the list shows: who wrote where and when, and the text around the match. */
export const HitRow = memo(function HitRow({ hit, room, me, now, isWhole }: HitRowProps) {
  const { message, ranges } = hit;
  const at = Date.parse(message.created_at);
  const files = message.attachments.map(({ name }) => cleanName(name)).join(', ');
  return (
    <>
      <Avatar user={message.sender} className="mt-0.5 size-8 text-xs" />
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-1.5">
          <span className="max-w-[55%] shrink-0 truncate font-semibold">
            <Name of={message.sender} />
          </span>
          <span className="min-w-0 flex-1 truncate text-xs text-ink-faint">
            {room ? <RoomName room={room} me={me} /> : 'a room you left'}
          </span>
          <time dateTime={isoTime(at)} title={fullTime(at)} className="tabular shrink-0 text-2xs text-ink-faint">
            {briefTime(at, now)}
          </time>
        </p>
        <p dir="auto" className={isWhole ? 'break-words text-ink-soft' : 'line-clamp-3 break-words text-ink-soft'}>
          {excerptOf(message.content, ranges, isWhole ? message.content.length : undefined).map(
            ({ text, isMatch }, index) =>
              // oxlint-disable-next-line react/no-array-index-key -- pieces of one text, in its order
              isMatch ? (
                <mark key={index} className="rounded-sm bg-accent-soft px-px font-medium text-ink">
                  {text}
                </mark>
              ) : (
                <span key={index}>{text}</span>
              ),
          )}
        </p>
        {files !== '' && (
          <p className="truncate text-xs text-ink-faint">
            <bdi>{files}</bdi>
          </p>
        )}
      </div>
    </>
  );
});

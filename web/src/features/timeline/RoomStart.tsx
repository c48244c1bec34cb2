import type { Room } from '@backchannel/client';
import { Hash, UsersRound } from 'lucide-react';
import { InviteButton } from '../../app/InviteButton.tsx';
import { otherMember, roomTitle } from '../../app/roomNames.ts';
import { useSession } from '../../app/session.ts';
import { Avatar } from '../../ui/Avatar.tsx';

/** The beginning of a room's log: what this place is, and what to do when nothing was said yet. */
export function RoomStart({ room }: { readonly room: Room }) {
  const me = useSession().user.id;
  const other = otherMember(room, me);
  const title = roomTitle(room, me);
  const Sign = room.kind === 'channel' ? Hash : UsersRound;
  return (
    <div className="px-3 pt-10 pb-4 md:px-5">
      {other ? (
        <Avatar user={other} className="size-14 text-xl" />
      ) : (
        <span className="grid size-14 place-items-center rounded-[28%] bg-accent-soft text-accent">
          <Sign className="size-7" aria-hidden="true" />
        </span>
      )}
      <p className="mt-3 text-xl font-semibold tracking-tight">{title}</p>
      <p className="mt-1 max-w-xl text-base text-ink-soft">{introduction(room, title)}</p>
      {room.member_count === 1 && (
        <div className="mt-3 flex flex-wrap items-center gap-3">
          <p className="text-ink-soft">Nobody else is here yet.</p>
          <InviteButton />
        </div>
      )}
    </div>
  );
}

function introduction(room: Room, title: string): string {
  if (room.kind === 'direct') return `The beginning of your conversation with ${title}.`;
  const about = room.topic ? ` ${room.topic}` : '';
  if (room.kind === 'group') return `The beginning of this group. Its members see what is written here.${about}`;
  return `The very beginning of #${title}.${about}`;
}

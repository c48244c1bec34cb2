import type { Room, User } from '@backchannel/client';
import { Hash, UsersRound } from 'lucide-react';
import { useChatState } from '../../app/chat.ts';
import { otherMember } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { cx } from '../../ui/classes.ts';
import { PresenceDot } from '../../ui/Presence.tsx';

const small = 'size-7 text-[0.6875rem]';

/** What a room looks like beside its name: a face with presence, or a sign. */
export function RoomIcon({ room, className }: { readonly room: Room; readonly className?: string }) {
  const me = useSignedIn().user.id;
  const other = otherMember(room, me);
  if (other) return <PersonIcon user={other} className={className ?? small} />;
  const Sign = room.kind === 'channel' ? Hash : UsersRound;
  return (
    <span aria-hidden="true" className={cx('grid shrink-0 place-items-center text-ink-faint', className ?? small)}>
      <Sign className={room.kind === 'channel' ? 'size-[1.05rem]' : 'size-[1.1rem]'} strokeWidth={2} />
    </span>
  );
}

export function PersonIcon({ user, className = small }: { readonly user: User; readonly className?: string }) {
  const me = useSignedIn().user.id;
  // Nobody is told of their own presence: it is whether they are connected. Of others nothing is known without a connection.
  const presence = useChatState((state) => {
    const lost = state.connection.status === 'error';
    if (user.id === me) return lost ? undefined : 'online';
    return lost ? 'unknown' : state.presence[user.id];
  });
  return (
    <span className="relative inline-grid shrink-0">
      <Avatar user={user} className={className} />
      <span className="absolute -right-1 -bottom-1 grid rounded-full bg-(--dot-ground,var(--c-shade)) p-[2px]">
        <PresenceDot state={presence} className="size-2.5" />
      </span>
    </span>
  );
}

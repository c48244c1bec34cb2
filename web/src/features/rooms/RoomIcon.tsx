import type { Room, User } from '@backchannel/client';
import { Hash, UsersRound } from 'lucide-react';
import { useChatState } from '../../app/chat.ts';
import { otherMember } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { cx } from '../../ui/classes.ts';
import { PresenceDot } from '../../ui/Presence.tsx';

const small = 'size-7 text-[0.6875rem]';

/** The icon beside a room's name: the avatar and presence of a direct room's other member, or a symbol. */
export function RoomIcon({ room, className }: { readonly room: Room; readonly className?: string }) {
  const me = useSignedIn().user.id;
  const other = otherMember(room, me);
  if (other) return <PersonIcon user={other} className={className ?? small} />;
  const Icon = room.kind === 'channel' ? Hash : UsersRound;
  return (
    <span aria-hidden="true" className={cx('grid shrink-0 place-items-center text-ink-faint', className ?? small)}>
      <Icon className={room.kind === 'channel' ? 'size-[1.05rem]' : 'size-[1.1rem]'} strokeWidth={2} />
    </span>
  );
}

export function PersonIcon({ user, className = small }: { readonly user: User; readonly className?: string }) {
  const me = useSignedIn().user.id;
  // The server does not send a user's own presence: use the connection's. Without a connection, that of others is
  // unknown.
  const presence = useChatState((state) => {
    const offline = state.connection.status === 'error';
    if (user.id === me) return offline ? undefined : 'online';
    return offline ? 'unknown' : state.presence[user.id];
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

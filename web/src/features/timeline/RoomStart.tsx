import type { Room, UserId } from '@backchannel/client';
import { Hash, UsersRound } from 'lucide-react';
import { useId } from 'react';
import { InviteButton } from '../../app/InviteButton.tsx';
import { RoomName } from '../../app/RoomName.tsx';
import { otherMember, roomLabel, topicOf } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { nameInText, endSentence } from '../../ui/names.ts';

const list = new Intl.ListFormat('en', { type: 'conjunction' });

interface RoomStartProps {
  readonly room: Room;
  /** No message follows. */
  readonly isEmpty: boolean;
}

/** The top of a room's first page: what the room is and, if nobody else is in it, how to invite people. */
export function RoomStart({ room, isEmpty }: RoomStartProps) {
  const me = useSignedIn().user.id;
  const other = otherMember(room, me);
  const title = useId();
  const isAlone = room.member_count === 1;
  // A feed holds an article, and outside of articles nothing to press. Otherwise the articles are the messages.
  const Block = isEmpty || isAlone ? 'article' : 'div';
  const Icon = room.kind === 'channel' ? Hash : UsersRound;
  return (
    <Block className="px-3 pt-10 pb-4 md:px-5" {...(Block === 'article' && { 'aria-labelledby': title })}>
      {other ? (
        <Avatar user={other} className="size-14 text-xl" />
      ) : (
        <span className="grid size-14 place-items-center rounded-[28%] bg-accent-soft text-accent">
          <Icon className="size-7" aria-hidden="true" />
        </span>
      )}
      <p id={title} className="mt-3 max-w-xl text-xl font-semibold tracking-tight">
        <RoomName room={room} me={me} />
      </p>
      <p className="mt-1 max-w-xl text-base text-ink-soft">
        {introduction(room, me)} <bdi>{room.kind !== 'direct' && topicOf(room)}</bdi>
      </p>
      {isAlone && (
        <div className="mt-3 flex flex-wrap items-center gap-3">
          <p className="text-ink-soft">Nobody else is here yet.</p>
          <InviteButton />
        </div>
      )}
    </Block>
  );
}

function introduction(room: Room, me: UserId): string {
  if (room.kind === 'group') {
    const others = room.members.filter((member) => member.id !== me).map(nameInText);
    const withMembers = others.length > 0 ? ` with ${list.format(others)}` : '';
    return `The beginning of this group${withMembers}. Only its members can read it.`;
  }
  const name = roomLabel(room, me);
  return endSentence(
    room.kind === 'direct' ? `The beginning of your conversation with ${name}` : `The very beginning of ${name}`,
  );
}

import type { Room, UserId } from '@backchannel/client';
import { Fragment } from 'react';
import { Name, UserText } from '../ui/Name.tsx';
import { namedAfter, roomTitle } from './roomNames.ts';

/** A room's name as an element; `roomTitle` and `roomLabel` are for plain strings. */
export function RoomName({ room, me }: { readonly room: Room; readonly me: UserId }) {
  const people = namedAfter(room, me);
  if (people.length === 0) return <UserText>{roomTitle(room, me)}</UserText>;
  return people.map((user, index) => (
    <Fragment key={user.id}>
      {index > 0 && ', '}
      <Name of={user} />
    </Fragment>
  ));
}

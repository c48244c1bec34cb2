import type { Room } from '@backchannel/client';
import { ArrowLeft, DoorOpen, Ellipsis, PenLine, UserPlus, UsersRound } from 'lucide-react';
import { Suspense, useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import { useChatState } from '../../app/chat.ts';
import { lazyComponent } from '../../app/lazyWithRetry.ts';
import { membersOpen } from '../../app/panels.ts';
import { RoomName } from '../../app/RoomName.tsx';
import { otherMember, topicOf } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { IconButton } from '../../ui/Button.tsx';
import { Menu, MenuItem, MenuLine } from '../../ui/Menu.tsx';
import { handleOf } from '../../ui/names.ts';
import { LoadingOverlay } from '../../ui/LoadingOverlay.tsx';
import { useStore } from '../../ui/store.ts';
import { RoomIcon } from './RoomIcon.tsx';

const RoomDialog = lazyComponent((loaded) => loaded.RoomDialog);

export function RoomHeader({ room }: { readonly room: Room }) {
  const me = useSignedIn().user.id;
  const showsMembers = useStore(membersOpen, (open) => open);
  const direct = room.kind === 'direct';
  const heading = useRef<HTMLHeadingElement>(null);
  // With a keyboard the composer takes the focus. On touch that would bring up the keys; the heading says where one is.
  useEffect(() => {
    if (matchMedia('(pointer: coarse)').matches) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <header className="safe-top z-20 shrink-0 border-b border-line bg-paper">
      <div className="flex h-14 items-center gap-2 px-3 md:px-5">
        <BackLink />
        <span className="[--dot-ground:var(--c-paper)]">
          <RoomIcon room={room} className={direct ? 'size-8 text-xs' : 'size-6'} />
        </span>
        <div className="min-w-0 flex-1">
          <h1
            ref={heading}
            tabIndex={-1}
            id="room-title"
            className="truncate text-base leading-5 font-semibold tracking-tight outline-none"
          >
            <RoomName room={room} me={me} />
          </h1>
          <Subtitle room={room} />
        </div>
        {!direct && (
          <IconButton
            label={showsMembers ? 'Hide members' : 'Show members'}
            tip="below"
            aria-expanded={showsMembers}
            aria-controls="members"
            onClick={() => membersOpen.set((open) => !open)}
            className="w-auto gap-1.5 px-2 pointer-coarse:w-auto"
          >
            <UsersRound />
            <span className="tabular text-sm font-medium">{room.member_count}</span>
          </IconButton>
        )}
        {!direct && <RoomMenu room={room} />}
      </div>
    </header>
  );
}

/** On a phone: to the list, with how much waits there. */
function BackLink() {
  const elsewhere = useChatState((state) => state.totalUnreadCount);
  return (
    <Link
      href="/"
      aria-label={elsewhere > 0 ? `Back to rooms, ${elsewhere} unread` : 'Back to rooms'}
      className="-ml-1 flex h-10 items-center gap-1 rounded-md pr-2 pl-1 text-ink-soft active:bg-hover md:hidden"
    >
      <ArrowLeft className="size-5" aria-hidden="true" />
      {elsewhere > 0 && (
        <span className="tabular rounded-full bg-press px-1.5 text-2xs font-semibold">
          {elsewhere > 99 ? '99+' : elsewhere}
        </span>
      )}
    </Link>
  );
}

function Subtitle({ room }: { readonly room: Room }) {
  const me = useSignedIn().user.id;
  const other = otherMember(room, me);
  const presence = useChatState((state) => (other ? state.presence[other.id] : undefined));
  const lost = useChatState((state) => state.connection.status === 'error');
  const words = { online: 'Online', away: 'Away', offline: 'Offline' };
  const here = lost ? '' : `${words[presence ?? 'offline']} · `;
  const text = other ? here + handleOf(other) : topicOf(room);
  if (!text) return null;
  return (
    <p className="truncate text-xs leading-4 text-ink-faint" title={other ? undefined : text}>
      <bdi>{text}</bdi>
    </p>
  );
}

type Asked = 'edit' | 'add' | 'leave';

function RoomMenu({ room }: { readonly room: Room }) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const ask = (what: Asked) => {
    setAnchor(null);
    setAsked(what);
  };
  const close = () => setAsked(null);
  return (
    <>
      <IconButton
        label="More about this room"
        tip="below"
        data-tip-align="end"
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        <Ellipsis />
      </IconButton>
      {anchor && (
        <Menu anchor={anchor} label="Room" onClose={() => setAnchor(null)}>
          <MenuItem icon={<UserPlus />} onSelect={() => ask('add')}>
            Add people
          </MenuItem>
          <MenuItem icon={<PenLine />} onSelect={() => ask('edit')}>
            Name and topic
          </MenuItem>
          <MenuLine />
          <MenuItem danger icon={<DoorOpen />} onSelect={() => ask('leave')}>
            Leave {room.kind}
          </MenuItem>
        </Menu>
      )}
      {asked && (
        <Suspense fallback={<LoadingOverlay onClose={close} />}>
          <RoomDialog which={asked} room={room} onClose={close} />
        </Suspense>
      )}
    </>
  );
}

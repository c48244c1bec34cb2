import type { Room } from '@backchannel/client';
import {
  ArrowLeft,
  Bell,
  BellOff,
  CalendarSearch,
  DoorOpen,
  Ellipsis,
  PenLine,
  Pin,
  Search,
  UserPlus,
  UsersRound,
} from 'lucide-react';
import { Suspense, useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import { useChatState } from '../../app/chat.ts';
import { lazyComponent } from '../../app/lazyWithRetry.ts';
import { membersOpen, openJumpToDate, openPanel, openSearch, toggleMembers } from '../../app/panels.ts';
import { isQuiet, unreadIn } from '../../app/roomLevels.ts';
import { RoomName } from '../../app/RoomName.tsx';
import { otherMember, topicOf } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { openThread } from '../../app/threads.ts';
import { IconButton } from '../../ui/Button.tsx';
import { Menu, MenuItem, MenuLine } from '../../ui/Menu.tsx';
import { handleOf } from '../../ui/names.ts';
import { LoadingOverlay } from '../../ui/LoadingOverlay.tsx';
import { useNow } from '../../ui/useNow.ts';
import { useStore } from '../../ui/store.ts';
import { RoomIcon } from './RoomIcon.tsx';

const RoomDialog = lazyComponent((loaded) => loaded.RoomDialog);

export function RoomHeader({ room }: { readonly room: Room }) {
  const me = useSignedIn().user.id;
  const hasThread = useStore(openThread, (open) => open?.roomId === room.id);
  const showsMembers = useStore(membersOpen, (open) => open) && !hasThread;
  const direct = room.kind === 'direct';
  const heading = useRef<HTMLHeadingElement>(null);
  // On a desktop the composer takes the focus. On touch that would open the keyboard, so the heading takes it.
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
        <IconButton label="Search in this room" tip="below" onClick={() => openSearch('', room.id)}>
          <Search />
        </IconButton>
        {!direct && (
          <IconButton
            label={showsMembers ? 'Hide members' : 'Show members'}
            tip="below"
            aria-expanded={showsMembers}
            aria-controls="members"
            onClick={toggleMembers}
            className="w-auto gap-1.5 px-2 pointer-coarse:w-auto"
          >
            <UsersRound />
            <span className="tabular text-sm font-medium">{room.member_count}</span>
          </IconButton>
        )}
        <RoomMenu room={room} />
      </div>
    </header>
  );
}

/** On a phone: the link back to the room list, with the unread count. */
function BackLink() {
  const now = useNow();
  const unread = useChatState((state) => unreadIn(state.rooms, now));
  return (
    <Link
      href="/"
      aria-label={unread > 0 ? `Back to rooms, ${unread} unread` : 'Back to rooms'}
      className="-ml-1 flex h-10 items-center gap-1 rounded-md pr-2 pl-1 text-ink-soft active:bg-hover md:hidden"
    >
      <ArrowLeft className="size-5" aria-hidden="true" />
      {unread > 0 && (
        <span className="tabular rounded-full bg-press px-1.5 text-2xs font-semibold">
          {unread > 99 ? '99+' : unread}
        </span>
      )}
    </Link>
  );
}

function Subtitle({ room }: { readonly room: Room }) {
  const me = useSignedIn().user.id;
  const other = otherMember(room, me);
  const presence = useChatState((state) => (other ? state.presence[other.id] : undefined));
  const offline = useChatState((state) => state.connection.status === 'error');
  const presenceWords = { online: 'Online', away: 'Away', offline: 'Offline' };
  const presenceText = offline ? '' : `${presenceWords[presence ?? 'offline']} · `;
  const text = other ? presenceText + handleOf(other) : topicOf(room);
  if (!text) return null;
  return (
    <p className="truncate text-xs leading-4 text-ink-faint" title={other ? undefined : text}>
      <bdi>{text}</bdi>
    </p>
  );
}

type DialogName = 'notifications' | 'edit' | 'add' | 'leave';

function RoomMenu({ room }: { readonly room: Room }) {
  const now = useNow();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const [dialog, setDialog] = useState<DialogName | null>(null);
  const openDialog = (name: DialogName) => {
    setAnchor(null);
    setDialog(name);
  };
  const close = () => setDialog(null);
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
          <MenuItem
            icon={<CalendarSearch />}
            onSelect={() => {
              setAnchor(null);
              openJumpToDate(room.id, Date.now());
            }}
          >
            Jump to date
          </MenuItem>
          <MenuItem
            icon={<Pin />}
            onSelect={() => {
              setAnchor(null);
              openPanel.set('pins');
            }}
          >
            Pinned messages
          </MenuItem>
          <MenuItem icon={isQuiet(room, now) ? <BellOff /> : <Bell />} onSelect={() => openDialog('notifications')}>
            Notifications
          </MenuItem>
          {room.kind !== 'direct' && (
            <>
              <MenuItem icon={<UserPlus />} onSelect={() => openDialog('add')}>
                Add people
              </MenuItem>
              <MenuItem icon={<PenLine />} onSelect={() => openDialog('edit')}>
                Room settings
              </MenuItem>
              <MenuLine />
              <MenuItem danger icon={<DoorOpen />} onSelect={() => openDialog('leave')}>
                Leave {room.kind}
              </MenuItem>
            </>
          )}
        </Menu>
      )}
      {dialog && (
        <Suspense fallback={<LoadingOverlay onClose={close} />}>
          <RoomDialog which={dialog} room={room} onClose={close} />
        </Suspense>
      )}
    </>
  );
}

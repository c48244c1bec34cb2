import type { Room } from '@backchannel/client';
import { Hash, MessageCirclePlus, Plus, UserPlus, UsersRound } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { openPanel, type Panel } from '../../app/panels.ts';
import { useChatState } from '../../app/chat.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { ErrorBoundary } from '../../ui/ErrorBoundary.tsx';
import { Menu, MenuItem } from '../../ui/Menu.tsx';
import { useNow } from '../../ui/useNow.ts';
import { RoomRow } from './RoomRow.tsx';
import { type Section, sectionsOf } from './sections.ts';
import { useFailedRooms } from './useFailedRooms.ts';

export function RoomList({ current }: { readonly current: number | null }) {
  const me = useSignedIn().user.id;
  const rooms = useChatState((state) => state.rooms);
  const loaded = useChatState((state) => state.roomsLoaded);
  const failed = useFailedRooms(rooms);
  const now = useNow();
  if (!loaded) return <ListSkeleton />;
  if (rooms.length === 0) return <NoRooms />;
  return (
    <nav aria-label="Rooms" className="flex flex-col gap-4 px-2 pt-1 pb-4 max-md:pb-28">
      {sectionsOf(rooms, me).map((section) => (
        <SectionView key={section.kind} section={section} current={current} failed={failed} now={now} />
      ))}
    </nav>
  );
}

interface SectionProps {
  readonly section: Section;
  readonly current: number | null;
  readonly failed: ReadonlySet<number>;
  readonly now: number;
}

function SectionView({ section, current, failed, now }: SectionProps) {
  const heading = `rooms-${section.kind}`;
  return (
    <section aria-labelledby={heading}>
      <div className="flex h-8 items-center justify-between pr-0.5 pl-2">
        <h2 id={heading} className="text-xs font-semibold text-ink-faint">
          {section.title}
        </h2>
        <AddButton kind={section.kind} />
      </div>
      {section.rooms.length === 0 ? (
        <EmptySection kind={section.kind} />
      ) : (
        <ul className="flex flex-col gap-px">
          {section.rooms.map((room: Room) => (
            <li key={room.id}>
              <ErrorBoundary resetKey={room} fallback={<FailedRow room={room} />}>
                <RoomRow room={room} current={room.id === current} failed={failed.has(room.id)} now={now} />
              </ErrorBoundary>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Replaces a row that fails to render, so that its room can still be opened. */
function FailedRow({ room }: { readonly room: Room }) {
  return (
    <Link href={`/rooms/${room.id}`} className="block rounded-lg px-2 py-2 text-ink-soft hover:bg-hover">
      Room {room.id}
    </Link>
  );
}

function AddButton({ kind }: { readonly kind: Section['kind'] }) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const look = 'size-6 [&_svg]:size-4 pointer-coarse:size-9';
  if (kind !== 'channel') {
    const label = kind === 'direct' ? 'New direct message' : 'New group';
    return (
      <IconButton
        label={label}
        tip="none"
        title={label}
        className={look}
        onClick={() => openPanel.set(`create-${kind}`)}
      >
        <Plus />
      </IconButton>
    );
  }
  const choose = (panel: 'browse-channels' | 'create-channel') => {
    setAnchor(null);
    openPanel.set(panel);
  };
  return (
    <>
      <IconButton
        label="Add a channel"
        title="Add a channel"
        tip="none"
        className={look}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        <Plus />
      </IconButton>
      {anchor && (
        <Menu anchor={anchor} label="Add a channel" onClose={() => setAnchor(null)}>
          <MenuItem icon={<Hash />} onSelect={() => choose('browse-channels')}>
            Browse channels
          </MenuItem>
          <MenuItem icon={<Plus />} onSelect={() => choose('create-channel')}>
            Create a channel
          </MenuItem>
        </Menu>
      )}
    </>
  );
}

const EMPTY = {
  channel: { panel: 'browse-channels', text: 'Find a channel' },
  group: { panel: 'create-group', text: 'Start a group' },
  direct: { panel: 'create-direct', text: 'Message somebody' },
} as const;

function EmptySection({ kind }: { readonly kind: Section['kind'] }) {
  const { panel, text } = EMPTY[kind];
  return (
    <button
      type="button"
      onClick={() => openPanel.set(panel)}
      className="flex w-full items-center gap-2.5 rounded-lg px-2 py-1.5 text-left text-ink-faint hover:bg-hover hover:text-ink-soft pointer-coarse:py-2.5"
    >
      <span className="grid size-7 place-items-center">
        <Plus className="size-4" aria-hidden="true" />
      </span>
      {text}
    </button>
  );
}

function NoRooms() {
  const { canInvite } = useSignedIn();
  return (
    <div className="m-3 flex flex-col gap-3 rounded-xl border border-line bg-paper p-4">
      <div>
        <p className="font-semibold">Nobody to talk to yet</p>
        <p className="mt-0.5 text-ink-soft">Join a channel, or start a conversation of your own.</p>
      </div>
      <div className="flex flex-col gap-2">
        <Choice panel="browse-channels" icon={<Hash className="size-4" />}>
          Browse channels
        </Choice>
        <Choice panel="create-direct" icon={<MessageCirclePlus className="size-4" />}>
          Message somebody
        </Choice>
        <Choice panel="create-group" icon={<UsersRound className="size-4" />}>
          Start a group
        </Choice>
        {canInvite && (
          <Choice panel="invite" icon={<UserPlus className="size-4" />}>
            Invite people
          </Choice>
        )}
      </div>
    </div>
  );
}

function Choice({ panel, icon, children }: { panel: Panel; icon: ReactNode; children: ReactNode }) {
  return (
    <Button size="sm" className="justify-start" onClick={() => openPanel.set(panel)}>
      {icon}
      {children}
    </Button>
  );
}

const WIDTHS = ['62%', '44%', '70%', '52%', '58%', '40%', '66%'];

function ListSkeleton() {
  return (
    <div role="status" aria-label="Loading rooms" className="flex animate-breathe flex-col gap-3.5 px-4 pt-4">
      {WIDTHS.map((width) => (
        <div key={width} className="flex items-center gap-3">
          <div className="size-7 rounded-lg bg-press" />
          <div className="flex flex-1 flex-col gap-1.5">
            <div className="h-2.5 rounded-full bg-press" style={{ width }} />
            <div className="h-2 w-4/5 rounded-full bg-hover" />
          </div>
        </div>
      ))}
    </div>
  );
}

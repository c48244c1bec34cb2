import type { RoomId, Seq } from '@backchannel/client';
import { Hash, Search, SquarePen, UserPlus } from 'lucide-react';
import { Suspense, useEffect } from 'react';
import { Redirect, useLocation, useRoute } from 'wouter';
import { Composer } from '../features/composer/Composer.tsx';
import { ConnectionBars } from '../features/connection/ConnectionBars.tsx';
import { useUnsent } from '../features/outbox/useUnsent.ts';
import { countText } from '../features/outbox/texts.ts';
import { RoomHeader } from '../features/rooms/RoomHeader.tsx';
import { RoomList } from '../features/rooms/RoomList.tsx';
import { Timeline } from '../features/timeline/Timeline.tsx';
import { TimelineSkeleton } from '../features/timeline/TimelineSkeleton.tsx';
import { TypingRow } from '../features/timeline/TypingRow.tsx';
import { Button, IconButton } from '../ui/Button.tsx';
import { cx } from '../ui/classes.ts';
import { restoreLostFocus } from '../ui/focus.ts';
import { ErrorBoundary, PaneErrorBoundary } from '../ui/ErrorBoundary.tsx';
import { MOD } from '../ui/keys.ts';
import { Logo } from '../ui/Logo.tsx';
import { firstNameInText } from '../ui/names.ts';
import { LoadingOverlay, OVERLAY_CLASS } from '../ui/LoadingOverlay.tsx';
import { useStore } from '../ui/store.ts';
import { useScrollRestoration } from '../ui/useScrollRestoration.ts';
import { usePhone } from '../ui/useMedia.ts';
import { useChatState } from './chat.ts';
import { useMembershipWatch } from './membershipChanges.ts';
import { addPeople, addPeopleFromRooms } from './directory.ts';
import { jumpRequest } from './jumpRequest.ts';
import { lazyComponent, loadLazyBundle } from './lazyWithRetry.ts';
import { membersOpen, openPanel } from './panels.ts';
import { useSignedIn } from './signedIn.ts';
import { UserMenu } from './UserMenu.tsx';
import { usePresence } from './usePresence.ts';
import { useBackground } from './useBackground.ts';
import { useViewingRoom } from './useViewingRoom.ts';
import { useShortcuts } from './useShortcuts.ts';
import { useTitle } from './useTitle.ts';

const Panels = lazyComponent((loaded) => loaded.Panels);
const MembersPanel = lazyComponent((loaded) => loaded.MembersPanel);

const closePanel = () => openPanel.set(null);

/** The app of a signed-in user: the room list at the left, one room at the right; on a phone, one of the two. */
export function Shell() {
  const [isRoom, params] = useRoute('/rooms/:id');
  const [isMessage, message] = useRoute('/rooms/:id/:seq');
  const [location] = useLocation();
  const current = isRoom && /^\d+$/.test(params.id) ? Number(params.id) : null;
  const phone = usePhone();
  useShortcuts(current);
  useEffect(restoreLostFocus, []);
  usePresence();
  useViewingRoom(current);
  useBackground();

  if (isMessage && /^\d{1,15}$/.test(message.id) && /^\d{1,15}$/.test(message.seq))
    return <ToMessage roomId={Number(message.id)} seq={Number(message.seq)} />;
  // For example an invitation link opened by a user who is signed in.
  if (current === null && location !== '/') return <Redirect to="/" replace />;
  return (
    <div className="bc-shell flex h-dvh flex-col overflow-hidden">
      <ErrorBoundary>
        <CollectPeople />
      </ErrorBoundary>
      <ErrorBoundary>
        <WatchMembership current={current} />
      </ErrorBoundary>
      <ErrorBoundary>
        <Title current={current} />
      </ErrorBoundary>
      <PaneErrorBoundary name="The connection status">
        <ConnectionBars />
      </PaneErrorBoundary>
      <div className="flex min-h-0 flex-1">
        {(!phone || current === null) && (
          <PaneErrorBoundary name="The list of rooms" className="w-full self-start md:w-72">
            <Sidebar current={current} />
          </PaneErrorBoundary>
        )}
        {(!phone || current !== null) && (
          <PaneErrorBoundary name="This room" resetKey={current} className="flex-1 self-start">
            <Room key={current ?? 'none'} id={current} phone={phone} />
          </PaneErrorBoundary>
        )}
      </div>
      <OpenPanel current={current} />
    </div>
  );
}

/** The address of a message leads to its room, which shows the message. */
function ToMessage({ roomId, seq }: { readonly roomId: RoomId; readonly seq: Seq }) {
  const [, navigate] = useLocation();
  useEffect(() => {
    jumpRequest.set({ roomId, id: '', seq });
    navigate(`/rooms/${roomId}`, { replace: true });
  }, [roomId, seq, navigate]);
  return null;
}

/** Renders nothing. A component of its own, because it renders again on every change of the room list. */
function Title({ current }: { readonly current: number | null }) {
  useTitle(current);
  return null;
}

/**
 * Renders nothing. A component of its own: the room list changes with every message, and the shell must not render for
 * that.
 */
function CollectPeople() {
  const { user } = useSignedIn();
  const rooms = useChatState((state) => state.rooms);
  // Two effects: if the two sources disagree on a name, one effect would replace it with every message.
  useEffect(() => addPeople([user]), [user]);
  useEffect(() => addPeopleFromRooms(rooms), [rooms]);
  return null;
}

/** Renders nothing, for the same reason. */
function WatchMembership({ current }: { readonly current: number | null }) {
  useMembershipWatch(current);
  return null;
}

/** The open dialog. The lazy bundle is fetched when one is opened, or 2 s after the start. */
function OpenPanel({ current }: { readonly current: number | null }) {
  const isOpen = useStore(openPanel, (panel) => panel !== null);
  useEffect(() => {
    const timer = setTimeout(() => void loadLazyBundle(), 2_000);
    return () => clearTimeout(timer);
  }, []);
  if (!isOpen) return null;
  return (
    // The Suspense boundary is inside this component: a suspended one would not notice that the dialog was closed.
    <Suspense fallback={<LoadingOverlay onClose={closePanel} />}>
      <PaneErrorBoundary name="This dialog" className={OVERLAY_CLASS} onClose={closePanel}>
        <Panels current={current} />
      </PaneErrorBoundary>
    </Suspense>
  );
}

function Sidebar({ current }: { readonly current: number | null }) {
  const { workspace } = useSignedIn();
  const scrollRef = useScrollRestoration('rooms');
  return (
    <div className="flex w-full shrink-0 flex-col border-line bg-shade md:w-72 md:border-r">
      <header className="safe-top shrink-0">
        <div className="flex h-14 items-center gap-2.5 pr-2.5 pl-4">
          <Logo className="size-6.5" />
          <span className="min-w-0 flex-1 truncate text-base font-semibold tracking-tight">{workspace}</span>
          <IconButton
            label="New message"
            tip="below"
            data-tip-align="end"
            onClick={() => openPanel.set('create-direct')}
          >
            <SquarePen />
          </IconButton>
        </div>
        <div className="px-3 pb-2">
          <button
            type="button"
            onClick={() => openPanel.set('switcher')}
            className="flex h-8.5 w-full items-center gap-2 rounded-md border border-line-strong/70 bg-paper px-2.5 text-left text-ink-faint hover:border-line-strong hover:text-ink-soft pointer-coarse:h-10"
          >
            <Search className="size-4" aria-hidden="true" />
            <span className="flex-1">Jump to or search…</span>
            <kbd className="font-sans text-xs pointer-coarse:hidden">{MOD} K</kbd>
          </button>
        </div>
      </header>
      <div ref={scrollRef} className="min-h-0 flex-1 overflow-y-auto scroll-thin">
        <PaneErrorBoundary name="The list of rooms">
          <RoomList current={current} />
        </PaneErrorBoundary>
      </div>
      <PaneErrorBoundary name="Your menu">
        <UserMenu />
      </PaneErrorBoundary>
    </div>
  );
}

interface RoomProps {
  readonly id: number | null;
  readonly phone: boolean;
}

function Room({ id, phone }: RoomProps) {
  const room = useChatState((state) => state.rooms.find((each) => each.id === id));
  const loaded = useChatState((state) => state.roomsLoaded);
  const showsMembers = useStore(membersOpen, (open) => open);
  const empty = useChatState((state) => state.rooms.length === 0);
  // On a phone the member panel covers the room: do not open it with the next room.
  useEffect(() => {
    if (!phone) return undefined;
    return () => membersOpen.set(false);
  }, [phone]);
  if (id === null) return <Welcome empty={empty && loaded} />;
  if (!room) return loaded ? <NoSuchRoom id={id} /> : <RoomSkeleton />;
  const panel = showsMembers && room.kind !== 'direct';
  return (
    <>
      <main className={cx('flex min-w-0 flex-1 flex-col bg-paper', panel && phone && 'hidden')}>
        <PaneErrorBoundary name="The header of this room" resetKey={room}>
          <RoomHeader room={room} />
        </PaneErrorBoundary>
        <PaneErrorBoundary name="The messages of this room" className="my-auto">
          <Timeline room={room} />
        </PaneErrorBoundary>
        <ErrorBoundary>
          <TypingRow roomId={room.id} />
        </ErrorBoundary>
        <PaneErrorBoundary name="The message field">
          <Composer room={room} />
        </PaneErrorBoundary>
      </main>
      {panel && (
        <Suspense fallback={null}>
          <PaneErrorBoundary name="The list of members" className="md:w-68" onClose={() => membersOpen.set(false)}>
            <MembersPanel room={room} />
          </PaneErrorBoundary>
        </Suspense>
      )}
    </>
  );
}

/** Shown until the room list is loaded. */
function RoomSkeleton() {
  return (
    <main className="flex min-w-0 flex-1 flex-col bg-paper" aria-busy="true">
      <div className="safe-top shrink-0 border-b border-line">
        <div className="flex h-14 items-center gap-3 px-3 md:px-5">
          <div className="size-6 animate-breathe rounded-lg bg-press" />
          <div className="h-3 w-32 animate-breathe rounded-full bg-press" />
        </div>
      </div>
      <TimelineSkeleton />
      <div className="h-5 shrink-0" />
      <div className="shrink-0 px-3 pb-2 md:px-5 md:pb-4">
        <div className="h-11.5 rounded-xl border border-line bg-raised" />
      </div>
    </main>
  );
}

function Welcome({ empty }: { readonly empty: boolean }) {
  const { user, workspace, canInvite } = useSignedIn();
  return (
    <main className="grid min-w-0 flex-1 place-items-center bg-paper p-8">
      <div className="max-w-sm text-center">
        <Logo className="mx-auto size-12" />
        <h1 className="mt-5 text-xl font-semibold tracking-tight text-balance">
          {empty ? `Welcome to ${workspace}` : `Good to see you, ${firstNameInText(user)}`}
        </h1>
        <p className="mt-1.5 text-base text-balance text-ink-soft">
          {empty
            ? 'Join a channel to see what is going on, or write to somebody.'
            : 'Choose a conversation on the left, or start one.'}
        </p>
        <div className="mt-5 flex flex-wrap justify-center gap-2">
          <Button onClick={() => openPanel.set('browse-channels')}>
            <Hash className="size-4" /> Browse channels
          </Button>
          {empty && canInvite && (
            <Button onClick={() => openPanel.set('invite')}>
              <UserPlus className="size-4" /> Invite people
            </Button>
          )}
          <Button look="primary" onClick={() => openPanel.set('create-direct')}>
            <SquarePen className="size-4" /> New message
          </Button>
        </div>
      </div>
    </main>
  );
}

function NoSuchRoom({ id }: { readonly id: number }) {
  const [, navigate] = useLocation();
  const phone = usePhone();
  const unsent = useUnsent().filter(({ item }) => item.roomId === id);
  if (phone) return <Redirect to="/" replace />;
  return (
    <main className="grid min-w-0 flex-1 place-items-center bg-paper p-8">
      <div className="text-center">
        <h1 className="text-lg font-semibold">You are not in this room</h1>
        <p className="mt-1 text-ink-soft">It was deleted, or you left it, or it is a channel you have not joined.</p>
        {unsent.length > 0 && (
          <p className="mt-3 text-sm">
            {countText(unsent.map(({ item }) => item))} of yours {unsent.length === 1 ? 'was' : 'were'} not sent.{' '}
            <button
              type="button"
              onClick={() => openPanel.set('unsent')}
              className="font-semibold text-accent hover:underline"
            >
              Show
            </button>
          </p>
        )}
        <div className="mt-4 flex justify-center gap-2">
          <Button onClick={() => navigate('/')}>Back</Button>
          <Button look="primary" onClick={() => openPanel.set('browse-channels')}>
            Browse channels
          </Button>
        </div>
      </div>
    </main>
  );
}

// Longer than 300 lines: it lays out every pane of the app, and each is a few lines of it.
import type { RoomId, Seq } from '@backchannel/client';
import { Search, SquarePen } from 'lucide-react';
import { lazy, Suspense, useEffect } from 'react';
import { Redirect, useLocation, useRoute } from 'wouter';
import { Composer } from '../features/composer/Composer.tsx';
import { ConnectionBars } from '../features/connection/ConnectionBars.tsx';
import { RoomHeader } from '../features/rooms/RoomHeader.tsx';
import { RoomList } from '../features/rooms/RoomList.tsx';
import { ThreadsLink } from '../features/rooms/ThreadsLink.tsx';
import { Timeline } from '../features/timeline/Timeline.tsx';
import { TypingRow } from '../features/timeline/TypingRow.tsx';
import { IconButton } from '../ui/Button.tsx';
import { cx } from '../ui/classes.ts';
import { restoreLostFocus } from '../ui/focus.ts';
import { ErrorBoundary, PaneErrorBoundary } from '../ui/ErrorBoundary.tsx';
import { MOD } from '../ui/keys.ts';
import { Logo } from '../ui/Logo.tsx';
import { LoadingOverlay, OVERLAY_CLASS } from '../ui/LoadingOverlay.tsx';
import { useStore } from '../ui/store.ts';
import { useScrollRestoration } from '../ui/useScrollRestoration.ts';
import { usePhone } from '../ui/useMedia.ts';
import { useChat, useChatState } from './chat.ts';
import { useMembershipWatch } from './membershipChanges.ts';
import { addPeople, addPeopleFromRooms } from './directory.ts';
import { resumeDeletions } from './heldDeletions.ts';
import { jumpRequest } from './jumpRequest.ts';
import { useLastRoom } from './lastRoom.ts';
import { lazyComponent, loadDrafts, loadLazyBundle, loadThreads } from './lazyWithRetry.ts';
import { membersOpen, openPanel } from './panels.ts';
import { NoSuchRoom, RoomSkeleton, Welcome } from './RoomPlaceholders.tsx';
import { useSignedIn } from './signedIn.ts';
import { openThread } from './threads.ts';
import { UserMenu } from './UserMenu.tsx';
import { usePresence } from './usePresence.ts';
import { useBackground } from './useBackground.ts';
import { useViewingRoom } from './useViewingRoom.ts';
import { useShortcuts } from './useShortcuts.ts';
import { useTitle } from './useTitle.ts';

const Panels = lazyComponent((loaded) => loaded.Panels);
const ScheduledDialog = lazy(async () => ({ default: (await loadDrafts()).ScheduledDialog }));
const MembersPanel = lazyComponent((loaded) => loaded.MembersPanel);

const ThreadPanel = lazy(async () => ({ default: (await loadThreads()).ThreadPanel }));
const ThreadsPage = lazy(async () => ({ default: (await loadThreads()).ThreadsPage }));

const closePanel = () => openPanel.set(null);
const closeThread = () => openThread.set(null);

/** Where the user is: in a room, on the page of threads, or (neither) at the list. */
interface PlaceProps {
  readonly current: number | null;
  readonly isThreads: boolean;
}

/** The app of a signed-in user: the room list at the left, one room at the right; on a phone, one of the two. */
export function Shell() {
  const [isRoom, params] = useRoute('/rooms/:id');
  const [isMessage, message] = useRoute('/rooms/:id/:seq');
  const [location] = useLocation();
  const current = isRoom && /^\d+$/.test(params.id) ? Number(params.id) : null;
  const isThreads = location === '/threads';
  const phone = usePhone();
  useShortcuts(current);
  useEffect(restoreLostFocus, []);
  usePresence();
  useViewingRoom(current);
  useBackground();
  // On a phone a thread covers its room: close it with the room, which may be opened again for itself.
  useEffect(() => {
    if (phone) openThread.set((open) => (open?.roomId === current ? open : null));
  }, [phone, current]);
  useLastRoom(current, phone);
  const chat = useChat();
  const me = useSignedIn().user.id;
  useEffect(() => resumeDeletions(chat, me), [chat, me]);

  if (isMessage && /^\d{1,15}$/.test(message.id) && /^\d{1,15}$/.test(message.seq))
    return <ToMessage roomId={Number(message.id)} seq={Number(message.seq)} />;
  // For example an invitation link opened by a user who is signed in.
  if (current === null && !isThreads && location !== '/') return <Redirect to="/" replace />;
  return (
    <div className="bc-shell flex h-dvh flex-col overflow-hidden">
      <ErrorBoundary>
        <CollectPeople />
      </ErrorBoundary>
      <ErrorBoundary>
        <WatchMembership current={current} />
      </ErrorBoundary>
      <ErrorBoundary>
        <Title current={current} isThreads={isThreads} />
      </ErrorBoundary>
      <PaneErrorBoundary name="The connection status">
        <ConnectionBars />
      </PaneErrorBoundary>
      <div className="flex min-h-0 flex-1">
        {(!phone || (current === null && !isThreads)) && (
          <PaneErrorBoundary name="The list of rooms" className="w-full self-start md:w-72">
            <Sidebar current={current} isThreads={isThreads} />
          </PaneErrorBoundary>
        )}
        {isThreads && (
          <PaneErrorBoundary name="Your threads" className="flex-1 self-start">
            <Suspense fallback={<main aria-busy="true" className="flex-1 bg-paper" />}>
              <ThreadsPage />
            </Suspense>
          </PaneErrorBoundary>
        )}
        {!isThreads && (!phone || current !== null) && (
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
function Title({ current, isThreads }: PlaceProps) {
  useTitle(current, isThreads);
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
  const panel = useStore(openPanel, (value) => value);
  useEffect(() => {
    const timer = setTimeout(() => void loadLazyBundle(), 2_000);
    return () => clearTimeout(timer);
  }, []);
  if (panel === null) return null;
  return (
    // The Suspense boundary is inside this component: a suspended one would not notice that the dialog was closed.
    <Suspense fallback={<LoadingOverlay onClose={closePanel} />}>
      <PaneErrorBoundary name="This dialog" className={OVERLAY_CLASS} onClose={closePanel}>
        {panel === 'scheduled' ? <ScheduledDialog onClose={closePanel} /> : <Panels current={current} />}
      </PaneErrorBoundary>
    </Suspense>
  );
}

function Sidebar({ current, isThreads }: PlaceProps) {
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
        <ErrorBoundary>
          <ThreadsLink current={isThreads} />
        </ErrorBoundary>
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
  const thread = useStore(openThread, (open) => (open?.roomId === id ? open : null));
  // On a phone the member panel covers the room: do not open it with the next room.
  useEffect(() => {
    if (!phone) return undefined;
    return () => membersOpen.set(false);
  }, [phone]);
  if (id === null) return <Welcome empty={empty && loaded} />;
  if (!room) return loaded ? <NoSuchRoom id={id} /> : <RoomSkeleton />;
  const members = !thread && showsMembers && room.kind !== 'direct';
  return (
    // In a narrow window a thread covers the room here. The room keeps its layout, and so its place in the messages.
    <div className="flex min-w-0 flex-1 md:relative">
      <main
        className={cx(
          'flex min-w-0 flex-1 flex-col bg-paper',
          members && phone && 'hidden',
          thread && 'max-lg:invisible',
        )}
      >
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
      {thread && (
        <Suspense fallback={<LoadingOverlay onClose={closeThread} />}>
          <PaneErrorBoundary
            name="This thread"
            resetKey={thread.root}
            className="lg:w-[min(26rem,42%)]"
            onClose={closeThread}
          >
            <ThreadPanel key={`${thread.root} ${thread.around}`} room={room} open={thread} />
          </PaneErrorBoundary>
        </Suspense>
      )}
      {members && (
        <Suspense fallback={null}>
          <PaneErrorBoundary name="The list of members" className="md:w-68" onClose={() => membersOpen.set(false)}>
            <MembersPanel room={room} />
          </PaneErrorBoundary>
        </Suspense>
      )}
    </div>
  );
}

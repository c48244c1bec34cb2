import { lazy, Suspense, useState } from 'react';
import { UnsentButton } from '../features/outbox/UnsentButton.tsx';
import { Avatar } from '../ui/Avatar.tsx';
import { Name } from '../ui/Name.tsx';
import { useStore } from '../ui/store.ts';
import { LoadingOverlay } from '../ui/LoadingOverlay.tsx';
import { PresenceDot } from '../ui/Presence.tsx';
import { useChatState } from './chat.ts';
import { lazyComponent, loadDrafts } from './lazyWithRetry.ts';
import { useSignedIn } from './signedIn.ts';

const ScheduledButton = lazy(async () => ({ default: (await loadDrafts()).ScheduledButton }));
const UserMenuItems = lazyComponent((loaded) => loaded.UserMenuItems);

/** At the bottom of the sidebar: the signed-in user, and the menu of their own settings. */
export function UserMenu() {
  const { user, drafts } = useSignedIn();
  const link = useStore(drafts.link, (value) => value);
  const status = useChatState((state) => state.connection.status);
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const close = () => setAnchor(null);
  const online = status === 'connected' || status === 'disconnected';
  const statusText = online ? 'Online' : status === 'connecting' ? 'Connecting…' : 'Offline';
  return (
    <div className="shrink-0 border-t border-line px-2 pt-1.5 pb-[max(0.375rem,env(safe-area-inset-bottom))]">
      <UnsentButton />
      {link && (
        <Suspense fallback={null}>
          <ScheduledButton />
        </Suspense>
      )}
      <button
        type="button"
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={(event) => setAnchor(event.currentTarget)}
        className="flex w-full items-center gap-2.5 rounded-lg px-2 py-1.5 text-left hover:bg-hover aria-expanded:bg-hover"
      >
        <Avatar user={user} className="size-8 text-xs" />
        <span className="min-w-0 flex-1">
          <span className="block truncate leading-4.5 font-semibold">
            <Name of={user} />
          </span>
          <span className="flex items-center gap-1.5 text-xs leading-4 text-ink-faint">
            <PresenceDot silent state={online ? 'online' : 'offline'} className="size-2" />
            {statusText}
          </span>
        </span>
      </button>
      {anchor && (
        <Suspense fallback={<LoadingOverlay onClose={close} />}>
          <UserMenuItems anchor={anchor} onClose={close} />
        </Suspense>
      )}
    </div>
  );
}

import { use } from 'react';
import { DevicesDialog } from '../features/accounts/DevicesDialog.tsx';
import { InviteDialog } from '../features/accounts/InviteDialog.tsx';
import { PasswordDialog } from '../features/accounts/PasswordDialog.tsx';
import { ConnectionDialog } from '../features/connection/ConnectionDialog.tsx';
import { NotificationsDialog } from '../features/notifications/NotificationsDialog.tsx';
import { UnsentTray } from '../features/outbox/UnsentTray.tsx';
import { BrowseChannels } from '../features/rooms/BrowseChannels.tsx';
import { CreateRoom } from '../features/rooms/CreateRoom.tsx';
import { MessageSearch } from '../features/search/MessageSearch.tsx';
import { JumpToDate } from '../features/rooms/JumpToDate.tsx';
import { PinnedMessages } from '../features/rooms/PinnedMessages.tsx';
import { Switcher } from '../features/rooms/Switcher.tsx';
import { useStore } from '../ui/store.ts';
import { AccountsContext } from './accounts.ts';
import { useChat } from './chat.ts';
import { openPanel } from './panels.ts';
import { Shortcuts } from './Shortcuts.tsx';
import { SignOutDialog } from './SignOutDialog.tsx';

/** The dialogs that open from more than one place. Part of the lazy bundle. */
export function Panels({ current }: { readonly current: number | null }) {
  const chat = useChat();
  const api = use(AccountsContext);
  const panel = useStore(openPanel, (value) => value);
  const close = () => openPanel.set(null);
  switch (panel) {
    case null:
    // Of another chunk: `Shell.tsx` shows it.
    case 'scheduled':
      return null;
    case 'switcher':
      return <Switcher current={current} onClose={close} />;
    case 'search':
      return <MessageSearch onClose={close} />;
    case 'jump-to-date':
      return <JumpToDate onClose={close} />;
    case 'pins':
      return current === null ? null : <PinnedMessages roomId={current} onClose={close} />;
    case 'create-direct':
      return <CreateRoom key={panel} kind="direct" onClose={close} />;
    case 'create-group':
      return <CreateRoom key={panel} kind="group" onClose={close} />;
    case 'create-channel':
      return <CreateRoom key={panel} kind="channel" onClose={close} />;
    case 'browse-channels':
      return <BrowseChannels onClose={close} />;
    case 'shortcuts':
      return <Shortcuts onClose={close} />;
    case 'unsent':
      return <UnsentTray onClose={close} />;
    case 'connection':
      return <ConnectionDialog onClose={close} />;
    case 'password':
      return (
        <PasswordDialog
          api={api}
          onClose={close}
          disconnect={() => chat.disconnect()}
          reconnect={() => chat.connect()}
        />
      );
    case 'devices':
      return <DevicesDialog api={api} onClose={close} onSignOut={() => openPanel.set('sign-out')} />;
    case 'notifications':
      return <NotificationsDialog onClose={close} />;
    case 'sign-out':
      return <SignOutDialog onClose={close} />;
    case 'invite':
      return <InviteDialog api={api} onClose={close} />;
  }
}

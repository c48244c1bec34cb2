import { Keyboard, KeyRound, LogOut, Monitor, Moon, Sun, UserPlus } from 'lucide-react';
import { useState } from 'react';
import { Avatar, nameOf } from '../ui/Avatar.tsx';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Menu, MenuItem, MenuLine } from '../ui/Menu.tsx';
import { PresenceDot } from '../ui/Presence.tsx';
import { toast } from '../ui/Toasts.tsx';
import { useChatState } from './chat.ts';
import { openPanel, type Panel } from './panels.ts';
import { useSession } from './session.ts';
import { setTheme, type Theme, useTheme } from './theme.ts';

const THEMES: readonly { readonly theme: Theme; readonly title: string; readonly icon: typeof Sun }[] = [
  { theme: 'light', title: 'Light', icon: Sun },
  { theme: 'dark', title: 'Dark', icon: Moon },
  { theme: 'system', title: 'Like the system', icon: Monitor },
];

/** At the foot of the sidebar: who one is, and everything that is about oneself. */
export function UserMenu() {
  const { user, canInvite } = useSession();
  const theme = useTheme();
  const status = useChatState((state) => state.connection.status);
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const [leaving, setLeaving] = useState(false);
  const open = (panel: Panel) => {
    setAnchor(null);
    openPanel.set(panel);
  };
  const online = status === 'connected' || status === 'disconnected';
  return (
    <div className="shrink-0 border-t border-line px-2 pt-1.5 pb-[max(0.375rem,env(safe-area-inset-bottom))]">
      <button
        type="button"
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={(event) => setAnchor(event.currentTarget)}
        className="flex w-full items-center gap-2.5 rounded-lg px-2 py-1.5 text-left hover:bg-hover aria-expanded:bg-hover"
      >
        <Avatar user={user} className="size-8 text-xs" />
        <span className="min-w-0 flex-1">
          <span className="block truncate leading-4.5 font-semibold">{nameOf(user)}</span>
          <span className="flex items-center gap-1.5 text-xs leading-4 text-ink-faint">
            <PresenceDot silent state={online ? 'online' : 'offline'} className="size-2" />
            {online ? 'Online' : 'Offline'}
          </span>
        </span>
      </button>
      {anchor && (
        <Menu anchor={anchor} label="You and this app" onClose={() => setAnchor(null)}>
          <div role="group" aria-label="Colours">
            {THEMES.map(({ theme: each, title, icon: Icon }) => (
              <MenuItem key={each} icon={<Icon />} checked={theme === each} onSelect={() => setTheme(each)}>
                {title}
              </MenuItem>
            ))}
          </div>
          <MenuLine />
          {canInvite && (
            <MenuItem icon={<UserPlus />} onSelect={() => open('invite')}>
              Invite people
            </MenuItem>
          )}
          <MenuItem icon={<Keyboard />} keys="Ctrl /" onSelect={() => open('shortcuts')}>
            Keyboard shortcuts
          </MenuItem>
          <MenuItem icon={<KeyRound />} onSelect={() => open('password')}>
            Change password
          </MenuItem>
          <MenuLine />
          <MenuItem
            icon={<LogOut />}
            onSelect={() => {
              setAnchor(null);
              setLeaving(true);
            }}
          >
            Sign out
          </MenuItem>
        </Menu>
      )}
      {leaving && <SignOutDialog onClose={() => setLeaving(false)} />}
    </div>
  );
}

function SignOutDialog({ onClose }: { readonly onClose: () => void }) {
  const { signOut, workspace } = useSession();
  const waiting = useChatState((state) => state.outbox.waiting + state.outbox.failed);
  const [busy, setBusy] = useState(false);
  return (
    <Dialog
      title={`Sign out of ${workspace}?`}
      onClose={onClose}
      footer={
        <>
          <Button look="ghost" onClick={onClose}>
            Stay
          </Button>
          <Button
            look={waiting > 0 ? 'danger' : 'primary'}
            busy={busy}
            onClick={() => {
              setBusy(true);
              signOut().catch(() => {
                setBusy(false);
                toast('Signing out did not work. Check your connection and try again.', 'problem');
              });
            }}
          >
            {waiting > 0 ? 'Sign out and delete them' : 'Sign out'}
          </Button>
        </>
      }
    >
      <p className="px-5 pt-1 pb-5 text-ink-soft">
        {waiting > 0
          ? `${waiting === 1 ? 'One message has' : `${waiting} messages have`} not been sent yet. Signing out deletes what is not sent, and your drafts, from this device.`
          : 'Your drafts are deleted from this device.'}
      </p>
    </Dialog>
  );
}

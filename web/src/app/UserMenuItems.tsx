import {
  Activity,
  Bell,
  BellRing,
  Cable,
  Clock,
  Keyboard,
  KeyRound,
  LogOut,
  MessagesSquare,
  Monitor,
  MonitorSmartphone,
  Moon,
  Send,
  Sun,
  UserPlus,
} from 'lucide-react';
import { canNotify, setNotify, useNotify } from '../features/notifications/setting.ts';
import { useUnsent } from '../features/outbox/useUnsent.ts';
import { Menu, MenuItem, MenuLine } from '../ui/Menu.tsx';
import { setFlatThreads, useFlatThreads } from './flatThreads.ts';
import { openPanel, type Panel } from './panels.ts';
import { useSignedIn } from './signedIn.ts';
import { setTheme, type Theme, useTheme } from './theme.ts';

const THEMES: readonly { readonly theme: Theme; readonly title: string; readonly icon: typeof Sun }[] = [
  { theme: 'light', title: 'Light', icon: Sun },
  { theme: 'dark', title: 'Dark', icon: Moon },
  { theme: 'system', title: 'Like the system', icon: Monitor },
];

interface UserMenuItemsProps {
  readonly anchor: HTMLElement;
  readonly onClose: () => void;
}

/** The items of the user menu. Part of the lazy bundle. */
export function UserMenuItems({ anchor, onClose }: UserMenuItemsProps) {
  const { canInvite, isStaff } = useSignedIn();
  const theme = useTheme();
  const notify = useNotify();
  const flat = useFlatThreads();
  const unsent = useUnsent();
  const open = (panel: Panel) => {
    onClose();
    openPanel.set(panel);
  };
  return (
    <Menu anchor={anchor} label="You and this app" onClose={onClose}>
      <div role="group" aria-label="Colours">
        {THEMES.map(({ theme: each, title, icon: Icon }) => (
          <MenuItem key={each} icon={<Icon />} checked={theme === each} onSelect={() => setTheme(each)}>
            {title}
          </MenuItem>
        ))}
      </div>
      <MenuLine />
      {canNotify && (
        <MenuItem icon={<Bell />} checked={notify} kind="switch" onSelect={() => void setNotify(!notify)}>
          Desktop notifications
        </MenuItem>
      )}
      <MenuItem icon={<BellRing />} onSelect={() => open('notifications')}>
        Notification settings
      </MenuItem>
      {isStaff && (
        <MenuItem icon={<Activity />} onSelect={() => location.assign('/admin/fleet')}>
          Fleet
        </MenuItem>
      )}
      <MenuItem icon={<MessagesSquare />} checked={flat} kind="switch" onSelect={() => setFlatThreads(!flat)}>
        Show replies of threads in rooms
      </MenuItem>
      {canInvite && (
        <MenuItem icon={<UserPlus />} onSelect={() => open('invite')}>
          Invite people
        </MenuItem>
      )}
      <MenuItem icon={<Send />} onSelect={() => open('unsent')}>
        Not sent{unsent.length > 0 && ` (${unsent.length})`}
      </MenuItem>
      <MenuItem icon={<Cable />} onSelect={() => open('connection')}>
        Connection
      </MenuItem>
      <MenuItem icon={<Clock />} onSelect={() => open('scheduled')}>
        Scheduled messages
      </MenuItem>
      <MenuItem icon={<Keyboard />} keys="Ctrl /" onSelect={() => open('shortcuts')}>
        Keyboard shortcuts
      </MenuItem>
      <MenuItem icon={<KeyRound />} onSelect={() => open('password')}>
        Change password
      </MenuItem>
      <MenuItem icon={<MonitorSmartphone />} onSelect={() => open('devices')}>
        Devices and tokens
      </MenuItem>
      <MenuLine />
      <MenuItem icon={<LogOut />} onSelect={() => open('sign-out')}>
        Sign out
      </MenuItem>
    </Menu>
  );
}

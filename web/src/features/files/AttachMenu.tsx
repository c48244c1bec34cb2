import { Camera, Files, Images } from 'lucide-react';
import { Menu, MenuItem } from '../../ui/Menu.tsx';

interface AttachMenuProps {
  readonly anchor: HTMLElement;
  /** Opens the system's picker: `accept` and `capture` as of a file input. */
  readonly onPick: (accept: string, capture?: 'environment') => void;
  readonly onClose: () => void;
}

/** What a phone can attach. A plain file input offers the camera on some phones only. */
export function AttachMenu({ anchor, onPick, onClose }: AttachMenuProps) {
  const pick = (...source: Parameters<typeof onPick>) => {
    // First, because a picker opens only within a press.
    onPick(...source);
    onClose();
  };
  return (
    <Menu anchor={anchor} label="Attach" onClose={onClose}>
      <MenuItem icon={<Camera />} onSelect={() => pick('image/*', 'environment')}>
        Take a picture
      </MenuItem>
      <MenuItem icon={<Images />} onSelect={() => pick('image/*,video/*')}>
        Pictures and videos
      </MenuItem>
      <MenuItem icon={<Files />} onSelect={() => pick('')}>
        Files
      </MenuItem>
    </Menu>
  );
}

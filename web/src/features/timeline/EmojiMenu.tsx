import { Menu } from '../../ui/Menu.tsx';
import { EMOJI } from './emoji.ts';

interface EmojiMenuProps {
  readonly anchor: HTMLElement | { readonly x: number; readonly y: number };
  readonly onPick: (emoji: string) => void;
  readonly onClose: () => void;
}

export function EmojiMenu({ anchor, onPick, onClose }: EmojiMenuProps) {
  return (
    <Menu anchor={anchor} label="Reactions" onClose={onClose} className="w-78 max-w-none pointer-coarse:w-auto">
      {EMOJI.map(({ title, emoji }) => (
        <div key={title} role="group" aria-label={title}>
          <p aria-hidden="true" className="px-1.5 pt-1.5 pb-0.5 text-2xs font-semibold text-ink-faint">
            {title}
          </p>
          <div className="grid grid-cols-8 pointer-coarse:gap-1">
            {emoji.map((each) => (
              <EmojiItem key={each} emoji={each} onPick={onPick} />
            ))}
          </div>
        </div>
      ))}
    </Menu>
  );
}

export function EmojiItem({ emoji, onPick }: { readonly emoji: string; readonly onPick: (emoji: string) => void }) {
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      onClick={() => onPick(emoji)}
      className="grid h-9 place-items-center rounded-md text-xl outline-none hover:bg-hover focus:bg-hover pointer-coarse:h-11 pointer-coarse:text-2xl"
    >
      {emoji}
    </button>
  );
}

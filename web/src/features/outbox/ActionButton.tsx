import type { MouseEvent, ReactNode } from 'react';

interface ActionButtonProps {
  readonly icon: ReactNode;
  readonly onClick: (event: MouseEvent<HTMLButtonElement>) => unknown;
  /** For a button that opens a menu: whether the menu is open. */
  readonly opens?: boolean;
  /** The accessible name, if it says more than the text. */
  readonly label?: string;
  readonly children: ReactNode;
}

/** A small button for an action on something unsent. */
export function ActionButton({ icon, onClick, opens, label, children }: ActionButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      {...(opens !== undefined && { 'aria-haspopup': 'menu' as const, 'aria-expanded': opens })}
      onClick={(event) => void onClick(event)}
      className="flex h-6 items-center gap-1 rounded-md px-1.5 font-medium text-ink-soft hover:bg-hover hover:text-ink pointer-coarse:h-9 pointer-coarse:px-2.5 [&_svg]:size-3.5"
    >
      {icon}
      {children}
    </button>
  );
}

import { CircleOff, ImageOff, RotateCw } from 'lucide-react';
import { cx } from '../../ui/classes.ts';
import { TROUBLE_TEXT, type Trouble } from './useTrouble.ts';

interface TroubleNoteProps {
  readonly trouble: Trouble;
  readonly onRetry: () => void;
  readonly className?: string;
}

/** In the place of a file that cannot be shown: why, and what helps. */
export function TroubleNote({ trouble, onRetry, className }: TroubleNoteProps) {
  const Icon = trouble === 'unreachable' ? ImageOff : CircleOff;
  return (
    <span
      className={cx('flex flex-col items-center justify-center gap-1 p-2 text-center text-xs text-ink-soft', className)}
    >
      <Icon className="size-5 text-ink-faint" aria-hidden="true" />
      {TROUBLE_TEXT[trouble]}
      {trouble === 'unreachable' && (
        <button
          type="button"
          onClick={onRetry}
          className="flex items-center gap-1 rounded-md px-1.5 py-0.5 font-medium text-accent hover:bg-hover pointer-coarse:py-2"
        >
          <RotateCw className="size-3.5" aria-hidden="true" /> Try again
        </button>
      )}
    </span>
  );
}

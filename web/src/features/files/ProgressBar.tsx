import type { UploadRecord } from '@backchannel/client/features/uploads';
import { cx } from '../../ui/classes.ts';
import { fileInText } from './texts.ts';
import { percentOf } from './uploadStatus.ts';

interface ProgressBarProps {
  readonly file: UploadRecord;
  readonly className?: string;
}

/** How much of a file is sent. Not a live region: screen readers announce the end alone (uploadNews.ts). */
export function ProgressBar({ file, className }: ProgressBarProps) {
  const percent = percentOf(file);
  return (
    <div
      role="progressbar"
      aria-label={`Uploading ${fileInText(file)}`}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      className={cx('h-1 overflow-hidden rounded-full bg-press', className)}
    >
      <div
        className={cx(
          'h-full rounded-full bg-accent transition-[width] duration-(--calm)',
          file.state === 'checking' && 'animate-breathe',
        )}
        style={{ width: `${Math.max(3, percent)}%` }}
      />
    </div>
  );
}

import type { UploadRecord } from '@backchannel/client/features/uploads';
import { problemText } from './texts.ts';

/** How far a file is, in whole percent. Not 100 before the server has all of it. */
export function percentOf({ offset, size, state }: UploadRecord): number {
  if (state === 'ready' || state === 'checking') return 100;
  return size === 0 ? 0 : Math.min(99, Math.floor((offset / size) * 100));
}

export const isUnderWay = ({ state }: UploadRecord): boolean => state !== 'failed' && state !== 'ready';

/** The state of a file, for the person who sends it. */
export function statusText(file: UploadRecord, offline: boolean): string {
  switch (file.state) {
    case 'failed':
      return problemText(file.error);
    case 'ready':
      return 'Ready';
    case 'checking':
      return offline ? 'Waits for a connection' : 'Being checked';
    default: {
      const percent = percentOf(file);
      const keepOpen = file.isKept ? '' : ' · keep this tab open';
      if (offline) return `Waits for a connection${percent > 0 ? `, ${percent} % sent` : ''}${keepOpen}`;
      return (file.state === 'sending' || percent > 0 ? `${percent} %` : 'Waiting') + keepOpen;
    }
  }
}

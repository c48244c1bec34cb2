import type { RoomId } from '@backchannel/client';
import { CalendarClock, CircleAlert } from 'lucide-react';
import { openPanel } from '../../app/panels.ts';
import { cx } from '../../ui/classes.ts';
import { useNow } from '../../ui/useNow.ts';
import { useScheduled } from './schedule.ts';
import { whenText } from './times.ts';

/** Above the field of a room: what is scheduled there, and what could not be sent. */
export function ScheduledNote({ roomId }: { readonly roomId: RoomId }) {
  const now = useNow();
  const here = useScheduled().filter(({ room_id }) => room_id === roomId);
  const failed = here.filter(({ state }) => state === 'failed').length;
  const [first] = here;
  if (!first) return null;
  const Icon = failed > 0 ? CircleAlert : CalendarClock;
  return (
    <div
      role="group"
      aria-label="Scheduled in this room"
      className="flex items-center gap-2 border-b border-line py-1 pr-1 pl-3.5 text-xs text-ink-soft"
    >
      <Icon className={cx('size-3.5 shrink-0', failed > 0 ? 'text-danger' : 'text-ink-faint')} aria-hidden="true" />
      <span className={cx('min-w-0 flex-1 truncate', failed > 0 && 'text-danger')}>
        {failed > 0
          ? `${failed === 1 ? 'A scheduled message was' : `${failed} scheduled messages were`} not sent`
          : here.length > 1
            ? `${here.length} scheduled, the first for ${when(first.at, now)}`
            : `Scheduled for ${when(first.at, now)}`}
      </span>
      <button
        type="button"
        onClick={() => openPanel.set('scheduled')}
        className="rounded-md px-2 py-1 font-medium text-accent hover:bg-hover pointer-coarse:py-2.5"
      >
        Show
      </button>
    </div>
  );
}

const when = (at: string, now: number): string => whenText(Date.parse(at), now).replace(/^on /, '');

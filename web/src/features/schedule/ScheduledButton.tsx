import { CalendarClock, CircleAlert } from 'lucide-react';
import { openPanel } from '../../app/panels.ts';
import { useScheduled } from './schedule.ts';

/** Opens the list of scheduled messages; shown while there are any. */
export function ScheduledButton() {
  const scheduled = useScheduled();
  const failed = scheduled.filter(({ state }) => state === 'failed').length;
  if (scheduled.length === 0) return null;
  const Icon = failed > 0 ? CircleAlert : CalendarClock;
  return (
    <button
      type="button"
      onClick={() => openPanel.set('scheduled')}
      className="mb-1 flex h-9 w-full items-center gap-2.5 rounded-lg px-2 text-left text-sm font-medium hover:bg-hover pointer-coarse:h-11"
    >
      <Icon
        className={failed > 0 ? 'mx-1.5 size-4.5 text-danger' : 'mx-1.5 size-4.5 text-ink-faint'}
        aria-hidden="true"
      />
      {failed > 0 ? `Scheduled, not sent (${failed})` : `Scheduled (${scheduled.length})`}
    </button>
  );
}

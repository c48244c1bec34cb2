import { Button } from '../../ui/Button.tsx';
import { Choice } from '../../ui/Choice.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { DeviceSection } from './DeviceSection.tsx';
import { KeywordsSection } from './KeywordsSection.tsx';
import { QuietHoursSection } from './QuietHoursSection.tsx';
import { UndisturbedSection } from './UndisturbedSection.tsx';
import { useMyNotifications } from './useMyNotifications.ts';

const LOCK_SCREEN = [
  { content: 'full', label: 'Who writes, and the text' },
  { content: 'sender', label: 'Who writes' },
  { content: 'none', label: 'Only that there is something new' },
] as const;

/** What to be notified of in all rooms, and on this device. Each choice is stored at once. Part of the lazy bundle. */
export function NotificationsDialog({ onClose }: { readonly onClose: () => void }) {
  const { mine, load, save } = useMyNotifications();
  return (
    <Dialog title="Notifications" wide onClose={onClose}>
      <div className="flex flex-col gap-6 px-5 pt-2 pb-5">
        <DeviceSection />
        {mine === 'loading' && <p className="py-6 text-center text-ink-faint">Loading…</p>}
        {mine === 'failed' && (
          <div role="alert" className="flex flex-col items-center gap-3 py-6 text-ink-soft">
            Your choices could not be loaded.
            <Button size="sm" onClick={() => void load()}>
              Try again
            </Button>
          </div>
        )}
        {typeof mine === 'object' && (
          <>
            <UndisturbedSection until={mine.dnd_until} save={save} />
            <KeywordsSection keywords={mine.keywords} save={save} />
            <QuietHoursSection hours={mine.quiet_hours} save={save} />
            <fieldset>
              <legend className="mb-1 font-medium">On a locked screen, show</legend>
              {LOCK_SCREEN.map(({ content, label }) => (
                <Choice
                  key={content}
                  type="radio"
                  name="push-content"
                  label={label}
                  checked={mine.push_content === content}
                  onChoose={() => void save({ push_content: content })}
                />
              ))}
            </fieldset>
            <p className="text-sm text-ink-faint">What a room notifies of is in the menu of the room.</p>
          </>
        )}
      </div>
    </Dialog>
  );
}

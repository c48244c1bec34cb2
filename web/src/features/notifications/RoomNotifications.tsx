import type { Room } from '@backchannel/client';
import { useState } from 'react';
import { useChat } from '../../app/chat.ts';
import { notificationSettings } from '../../app/notificationSettings.ts';
import { isMuted, levelOf } from '../../app/roomLevels.ts';
import { roomLabel } from '../../app/roomNames.ts';
import { attempt } from '../../app/runCommand.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Button } from '../../ui/Button.tsx';
import { Choice } from '../../ui/Choice.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { useNow } from '../../ui/useNow.ts';
import { MUTES, timeInWords } from './spans.ts';

const LEVELS = [
  { level: 'all', label: 'Every message', hint: undefined },
  {
    level: 'mentions',
    label: 'What is for you',
    hint: 'Mentions, replies to you, threads that you follow, your keywords, @room and @here.',
  },
  { level: 'none', label: 'Nothing', hint: 'The room is greyed out, and counts in no badge.' },
] as const;

interface RoomNotificationsProps {
  readonly room: Room;
  readonly onClose: () => void;
}

/** What the user is notified of in a room, and until when it is muted. Each choice is stored at once. Part of the lazy bundle. */
export function RoomNotifications({ room, onClose }: RoomNotificationsProps) {
  const settings = notificationSettings(useChat());
  const me = useSignedIn().user.id;
  const now = useNow();
  const [busy, setBusy] = useState(false);
  const level = levelOf(room);
  const muted = isMuted(room, now) ? room.muted_until : undefined;

  const choose = async (chosen: Room['level'], muteUntil: Date | undefined) => {
    setBusy(true);
    await attempt(
      settings.setRoomNotifications(room.id, { ...(chosen && { level: chosen }), ...(muteUntil && { muteUntil }) }),
    );
    setBusy(false);
  };

  return (
    <Dialog title={`Notifications of ${roomLabel(room, me)}`} onClose={onClose}>
      <div className="flex flex-col gap-5 px-5 pt-2 pb-5">
        <fieldset>
          <legend className="mb-1 font-medium">Notify me of</legend>
          {LEVELS.map((each) => (
            <Choice
              key={each.level}
              type="radio"
              name="level"
              label={each.label}
              hint={each.hint}
              checked={level === each.level}
              disabled={busy}
              onChoose={() => void choose(each.level, muted === undefined ? undefined : new Date(muted))}
            />
          ))}
        </fieldset>
        <section aria-labelledby="mute">
          <h3 id="mute" className="font-medium">
            Mute
          </h3>
          {muted ? (
            <div className="mt-1 flex flex-wrap items-center justify-between gap-2">
              <p className="text-ink-soft">Nothing notifies you until {timeInWords(Date.parse(muted), now)}.</p>
              <Button size="sm" busy={busy} onClick={() => void choose(room.level, undefined)}>
                Unmute
              </Button>
            </div>
          ) : (
            <div className="mt-2 flex flex-wrap gap-2">
              {MUTES.map(({ label, until }) => (
                <Button
                  key={label}
                  size="sm"
                  disabled={busy}
                  className="pointer-coarse:h-10"
                  onClick={() => void choose(room.level, until(new Date()))}
                >
                  {label}
                </Button>
              ))}
            </div>
          )}
        </section>
      </div>
    </Dialog>
  );
}

import { CalendarClock, Clock, ListTodo } from 'lucide-react';
import { type FormEvent, type RefObject, useState } from 'react';
import { useChat } from '../../app/chat.ts';
import { openPanel } from '../../app/panels.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Menu, MenuItem, MenuLine } from '../../ui/Menu.tsx';
import { useNow } from '../../ui/useNow.ts';
import { scheduleOf, useScheduled } from './schedule.ts';
import type { WrittenIn } from './SendLaterButton.tsx';
import { TimeFields } from './TimeFields.tsx';
import { fromFields, nextHour, problemOf, suggestions, toFields } from './times.ts';

interface SendLaterMenuProps {
  readonly place: WrittenIn;
  readonly button: RefObject<HTMLElement | null>;
  /** Why what stands in the composer cannot be scheduled; null if it can. */
  readonly problem: string | null;
  readonly onClose: () => void;
}

/** Beside the send button: when to send what stands in the composer, and what is scheduled already. */
export function SendLaterMenu({ place, button, problem, onClose }: SendLaterMenuProps) {
  const chat = useChat();
  const { drafts } = useSignedIn();
  const scheduled = useScheduled();
  const [now] = useState(Date.now);
  const [choosesTime, setChoosesTime] = useState(false);
  const schedule = (at: number) => {
    onClose();
    void scheduleOf(chat).scheduleDraft(drafts, place, at);
  };
  const [anchor] = useState(() => button.current);
  if (choosesTime) return <TimeDialog onChoose={schedule} onClose={onClose} />;
  return (
    <Menu anchor={anchor ?? document.body} label="Send later" onClose={onClose}>
      {problem === null ? (
        <>
          {suggestions(now).map(({ label, at }) => (
            <MenuItem key={label} icon={<Clock />} onSelect={() => schedule(at)}>
              {label}
            </MenuItem>
          ))}
          <MenuItem icon={<CalendarClock />} onSelect={() => setChoosesTime(true)}>
            Another time…
          </MenuItem>
        </>
      ) : (
        <p className="max-w-56 px-2.5 py-1.5 text-sm text-ink-soft">{problem}</p>
      )}
      <MenuLine />
      <MenuItem
        icon={<ListTodo />}
        onSelect={() => {
          onClose();
          openPanel.set('scheduled');
        }}
      >
        Scheduled messages{scheduled.length > 0 && ` (${scheduled.length})`}
      </MenuItem>
    </Menu>
  );
}

interface TimeDialogProps {
  readonly onChoose: (at: number) => void;
  readonly onClose: () => void;
}

function TimeDialog({ onChoose, onClose }: TimeDialogProps) {
  const now = useNow();
  const [fields, setFields] = useState(() => toFields(nextHour(now)));
  const time = fromFields(fields);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (time !== null && problemOf(time, now) === null) onChoose(time);
  };
  return (
    <Dialog
      title="Send later"
      onClose={onClose}
      footer={
        <>
          <Button look="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" form="send-later" disabled={problemOf(time, now) !== null}>
            Schedule
          </Button>
        </>
      }
    >
      <form id="send-later" onSubmit={submit} className="px-5 pt-2 pb-5">
        <TimeFields value={fields} onChange={setFields} now={now} />
      </form>
    </Dialog>
  );
}

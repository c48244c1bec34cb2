import { type FormEvent, useState } from 'react';
import { showLatest } from '../../app/composerSignals.ts';
import { jumpRequest } from '../../app/jumpRequest.ts';
import { dateStart } from '../../app/panels.ts';
import { problemText, useCommand } from '../../app/runCommand.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Field } from '../../ui/Field.tsx';
import { useStore } from '../../ui/store.ts';
import { dateValue, dayOfValue } from '../../ui/time.ts';
import { toast } from '../../ui/Toasts.tsx';

/** Before every message. */
const BEGINNING = 0;

/** Asks for a day, and shows the room's first message of that day or later. Part of the lazy bundle. */
export function JumpToDate({ onClose }: { readonly onClose: () => void }) {
  const runCommand = useCommand();
  const start = useStore(dateStart, (value) => value);
  const [today] = useState(() => dateValue(Date.now()));
  const [value, setValue] = useState(start ? dateValue(start.at) : today);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  if (!start) return null;
  const { roomId } = start;
  const day = dayOfValue(value);

  const go = async (at: number) => {
    setBusy(true);
    setError(undefined);
    try {
      const { messages } = await runCommand('get_history', {
        room_id: roomId,
        at: new Date(at).toISOString(),
        limit: 1,
      });
      onClose();
      const [first] = messages;
      if (first) jumpRequest.set({ roomId, id: first.id, seq: first.seq });
      else {
        toast('Nothing was written on that day or later.');
        showLatest();
      }
    } catch (refusal) {
      setError(problemText(refusal));
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (day !== null && !isBusy) void go(day);
  };

  return (
    <Dialog
      title="Jump to date"
      onClose={onClose}
      footer={
        <>
          <Button look="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" form="jump-to-date" busy={isBusy} disabled={day === null}>
            Jump
          </Button>
        </>
      }
    >
      <form id="jump-to-date" onSubmit={submit} className="flex flex-col items-start gap-3 px-5 pt-2 pb-4">
        <Field
          label="Day"
          type="date"
          required
          value={value}
          max={today}
          onChange={(event) => setValue(event.target.value)}
          error={error}
          className="w-full"
        />
        <Button look="ghost" disabled={isBusy} onClick={() => void go(BEGINNING)}>
          Go to the beginning
        </Button>
      </form>
    </Dialog>
  );
}

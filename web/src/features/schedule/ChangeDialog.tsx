import type { Scheduled } from '@backchannel/client';
import { type FormEvent, useId, useState } from 'react';
import { useChat, useChatState } from '../../app/chat.ts';
import { problemText } from '../../app/runCommand.ts';
import { Button } from '../../ui/Button.tsx';
import { cx } from '../../ui/classes.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { inputLook } from '../../ui/inputLook.ts';
import { useNow } from '../../ui/useNow.ts';
import { bytesLeft, CONTENT_LIMIT_BYTES, lengthNote } from '../composer/length.ts';
import { scheduleOf } from './schedule.ts';
import { TimeFields } from './TimeFields.tsx';
import { fromFields, nextHour, problemOf, toFields } from './times.ts';

interface ChangeDialogProps {
  readonly message: Scheduled;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** Changes the text and the time of a scheduled message. What could not be sent waits again then. */
export function ChangeDialog({ message, onDone, onClose }: ChangeDialogProps) {
  const chat = useChat();
  const now = useNow();
  const field = useId();
  const limit = useChatState((state) => state.limits?.['content_bytes'] ?? CONTENT_LIMIT_BYTES);
  const [content, setContent] = useState(message.content);
  const [fields, setFields] = useState(() => toFields(Math.max(Date.parse(message.at), soonest(message, now))));
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const time = fromFields(fields);
  const left = bytesLeft(content, limit);
  const isBlank = content.trim() === '' && !message.attachments?.length;
  const isReady = !isBlank && left >= 0 && problemOf(time, now) === null;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isReady || time === null) return;
    setBusy(true);
    try {
      await scheduleOf(chat).changeScheduled(message, { content: content.trim(), at: new Date(time) });
      onDone();
    } catch (error) {
      setRefusal(problemText(error));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title="Change scheduled message"
      wide
      onClose={onClose}
      footer={
        <>
          <Button look="ghost" onClick={onClose}>
            Back
          </Button>
          <Button look="primary" type="submit" form="change-scheduled" busy={busy} disabled={!isReady}>
            Save
          </Button>
        </>
      }
    >
      <form id="change-scheduled" onSubmit={submit} className="flex flex-col gap-4 px-5 pt-2 pb-5">
        {refusal && (
          <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-danger">
            {refusal}
          </p>
        )}
        <div className="flex flex-col gap-1.5">
          <label htmlFor={field} className="font-medium">
            Message
          </label>
          <textarea
            id={field}
            rows={4}
            dir="auto"
            value={content}
            aria-invalid={left < 0 || undefined}
            onChange={(event) => setContent(event.target.value)}
            className={cx(inputLook, 'max-h-[40dvh] resize-none py-2 leading-5.5 field-sizing-content')}
          />
          {left < 0 && <p className="text-xs text-danger">{lengthNote(left, limit)}</p>}
        </div>
        <TimeFields value={fields} onChange={setFields} now={now} />
      </form>
    </Dialog>
  );
}

/** The time of what waits is kept; what was due already begins with one to come. */
function soonest({ state }: Scheduled, now: number): number {
  return state === 'failed' ? nextHour(now) : 0;
}

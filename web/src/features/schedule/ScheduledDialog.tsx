import type { Room, Scheduled } from '@backchannel/client';
import { Copy, PenLine, SendHorizontal, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useChat, useChatState } from '../../app/chat.ts';
import { roomLabel } from '../../app/roomNames.ts';
import { problemText } from '../../app/runCommand.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Button } from '../../ui/Button.tsx';
import { copyText } from '../../ui/copyText.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { UserText } from '../../ui/Name.tsx';
import { fullTime, isoTime } from '../../ui/time.ts';
import { useNow } from '../../ui/useNow.ts';
import { ActionButton } from '../outbox/ActionButton.tsx';
import { reasonText } from '../outbox/texts.ts';
import { ChangeDialog } from './ChangeDialog.tsx';
import { scheduleOf, useScheduled } from './schedule.ts';
import { whenText } from './times.ts';

interface Outcome {
  readonly text: string;
  /** Schedules it again. */
  readonly undo?: Scheduled;
}

/** Lists what the person has scheduled, in all rooms, and what could not be sent. */
export function ScheduledDialog({ onClose }: { readonly onClose: () => void }) {
  const chat = useChat();
  const schedule = scheduleOf(chat);
  const scheduled = useScheduled();
  const rooms = useChatState((state) => state.rooms);
  const [changing, setChanging] = useState<Scheduled | null>(null);
  // Shown inside the dialog: a toast under it could not be pressed.
  const [outcome, setOutcome] = useState<Outcome | null>(null);

  const attempt = async (command: Promise<unknown>, done: Outcome) => {
    try {
      await command;
      setOutcome(done);
    } catch (error) {
      // What the list shows may be older than the refusal.
      await schedule.loadScheduled().catch(() => undefined);
      setOutcome({ text: problemText(error) });
    }
  };
  const undo = (message: Scheduled) => {
    const { room_id, content, at, reply_to = null, thread, in_room = false, attachments } = message;
    const options = {
      replyTo: reply_to,
      inRoom: in_room,
      ...(attachments && { attachments }),
      ...(thread && { thread }),
    };
    void attempt(schedule.scheduleMessage(room_id, content, new Date(at), options), { text: 'Scheduled again.' });
  };
  if (changing) {
    const done = () => {
      setChanging(null);
      setOutcome({ text: 'Changed.' });
    };
    return <ChangeDialog message={changing} onDone={done} onClose={() => setChanging(null)} />;
  }
  return (
    <Dialog title={`Scheduled messages${scheduled.length > 0 ? ` (${scheduled.length})` : ''}`} wide onClose={onClose}>
      <div role="status" className="empty:hidden">
        {outcome && (
          <p className="mx-5 mt-1 mb-3 flex items-center gap-3 rounded-lg bg-shade py-1 pr-1 pl-3 text-sm">
            <span className="flex-1 py-1">{outcome.text}</span>
            {outcome.undo && (
              <Button size="sm" look="ghost" onClick={() => outcome.undo && undo(outcome.undo)}>
                Undo
              </Button>
            )}
          </p>
        )}
      </div>
      {scheduled.length === 0 ? (
        <p className="px-5 pt-1 pb-6 text-ink-soft">
          Nothing is scheduled. Write a message, then choose a time beside the send button.
        </p>
      ) : (
        <ul aria-label="Scheduled messages" className="divide-y divide-line border-t border-line">
          {scheduled.map((message) => (
            <Row
              key={message.id}
              message={message}
              room={rooms.find(({ id }) => id === message.room_id)}
              onSend={() => void attempt(schedule.sendScheduled(message), { text: 'Being sent.' })}
              onChange={() => setChanging(message)}
              onCopy={async () => {
                if (await copyText(message.content)) setOutcome({ text: 'Copied.' });
              }}
              onCancel={() =>
                void attempt(schedule.cancelScheduled(message.id), {
                  text: 'Cancelled.',
                  ...(message.state === 'waiting' && { undo: message }),
                })
              }
            />
          ))}
        </ul>
      )}
    </Dialog>
  );
}

interface RowProps {
  readonly message: Scheduled;
  /** Undefined if the person is not in it any more. */
  readonly room: Room | undefined;
  readonly onSend: () => void;
  readonly onChange: () => void;
  readonly onCopy: () => void;
  readonly onCancel: () => void;
}

function Row({ message, room, onSend, onChange, onCopy, onCancel }: RowProps) {
  const { user } = useSignedIn();
  const now = useNow();
  const loaded = useChatState((state) => state.roomsLoaded);
  const at = Date.parse(message.at);
  const failed = message.state === 'failed';
  const files = message.attachments?.length ?? 0;
  return (
    <li className="px-5 py-3">
      <p className="flex flex-wrap items-baseline gap-x-2 text-xs text-ink-faint">
        <span className="font-semibold text-ink">
          <bdi>
            {room ? roomLabel(room, user.id) : loaded ? 'A room that you are no longer in' : `Room ${message.room_id}`}
          </bdi>
        </span>
        {message.thread && <span>in a thread</span>}
        <time dateTime={isoTime(at)} title={fullTime(at)}>
          {failed ? `was due ${whenText(at, now)}` : whenText(at, now)}
        </time>
      </p>
      {message.content !== '' && (
        <p dir="auto" className="mt-1 max-h-40 overflow-y-auto text-sm break-words whitespace-pre-wrap scroll-thin">
          <UserText>{message.content}</UserText>
        </p>
      )}
      {files > 0 && <p className="mt-1 text-xs text-ink-soft">With {files === 1 ? 'a file' : `${files} files`}</p>}
      {failed && (
        <p className="mt-1 text-xs text-danger">
          Not sent. {reasonText({ code: message.code ?? '', detail: message.detail ?? '' })}
        </p>
      )}
      <div className="mt-1.5 -ml-1.5 flex flex-wrap items-center gap-x-0.5 gap-y-1 text-xs">
        {room && (
          <>
            <ActionButton icon={<SendHorizontal />} onClick={onSend}>
              {failed ? 'Try again' : 'Send now'}
            </ActionButton>
            <ActionButton icon={<PenLine />} onClick={onChange}>
              Change
            </ActionButton>
          </>
        )}
        {message.content !== '' && (
          <ActionButton icon={<Copy />} onClick={onCopy}>
            Copy
          </ActionButton>
        )}
        <ActionButton icon={<Trash2 />} onClick={onCancel}>
          {failed ? 'Delete' : 'Cancel'}
        </ActionButton>
      </div>
    </li>
  );
}

import { ChatError, type Room, type User } from '@backchannel/client';
import { type FormEvent, useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { attempt, problemText, useCommand } from '../../app/runCommand.ts';
import { useChat } from '../../app/chat.ts';
import { roomLabel } from '../../app/roomNames.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Field } from '../../ui/Field.tsx';
import { nameInText } from '../../ui/names.ts';
import { toast } from '../../ui/Toasts.tsx';
import { RoomNotifications } from '../notifications/RoomNotifications.tsx';
import { PeoplePicker } from './PeoplePicker.tsx';
import { loadMembers } from './loadMembers.ts';

interface RoomDialogProps {
  readonly room: Room;
  readonly onClose: () => void;
}

/** The dialogs of the room menu. Part of the lazy bundle. */
export function RoomDialog({
  which,
  ...props
}: RoomDialogProps & { readonly which: 'notifications' | 'edit' | 'add' | 'leave' }) {
  if (which === 'notifications') return <RoomNotifications {...props} />;
  if (which === 'edit') return <EditRoom {...props} />;
  return which === 'add' ? <AddMembers {...props} /> : <LeaveRoom {...props} />;
}

function EditRoom({ room, onClose }: RoomDialogProps) {
  const runCommand = useCommand();
  const [name, setName] = useState(room.name ?? '');
  const [topic, setTopic] = useState(room.topic);
  const [showsSeen, setShowsSeen] = useState(room.shows_seen ?? false);
  const [busy, setBusy] = useState(false);
  const [errors, setErrors] = useState<Readonly<Record<string, readonly string[]>>>({});
  const [general, setGeneral] = useState<string | null>(null);
  const mayShowSeen = room.role !== 'member';
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await runCommand('update_room', {
        room_id: room.id,
        name: name.trim(),
        topic: topic.trim(),
        ...(mayShowSeen && { shows_seen: showsSeen }),
      });
      onClose();
    } catch (refusal) {
      const fields = refusal instanceof ChatError ? refusal.errors : {};
      setErrors(fields);
      setGeneral(Object.keys(fields).length > 0 ? null : problemText(refusal));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title="Room settings"
      onClose={onClose}
      footer={
        <>
          <Button look="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button
            look="primary"
            type="submit"
            form="edit-room"
            busy={busy}
            disabled={room.kind === 'channel' && name.trim() === ''}
          >
            Save
          </Button>
        </>
      }
    >
      <form id="edit-room" onSubmit={submit} className="flex flex-col gap-4 px-5 pt-2 pb-5">
        {general && (
          <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-danger">
            {general}
          </p>
        )}
        <Field
          label="Name"
          value={name}
          maxLength={80}
          autoComplete="off"
          onChange={(event) => setName(event.target.value)}
          error={errors['name']?.[0]}
        />
        <Field
          label="Topic"
          value={topic}
          maxLength={250}
          autoComplete="off"
          onChange={(event) => setTopic(event.target.value)}
          error={errors['topic']?.[0]}
          aside="optional"
        />
        {(mayShowSeen || showsSeen) && (
          <div className="flex gap-2.5">
            <input
              id="shows-seen"
              type="checkbox"
              checked={showsSeen}
              disabled={!mayShowSeen}
              aria-describedby="shows-seen-note"
              onChange={(event) => setShowsSeen(event.target.checked)}
              className="mt-0.5 size-4 shrink-0 accent-(--c-accent) pointer-coarse:size-5"
            />
            <div className="flex flex-col gap-0.5">
              <label htmlFor="shows-seen" className="font-medium">
                Show who has seen a message
              </label>
              <p id="shows-seen-note" className="text-xs text-ink-faint">
                In its details, to all members alike.{!mayShowSeen && ' The owner and admins choose this.'}
              </p>
            </div>
          </div>
        )}
      </form>
    </Dialog>
  );
}

export function AddMembers({ room, onClose }: RoomDialogProps) {
  const chat = useChat();
  const runCommand = useCommand();
  const me = useSignedIn().user.id;
  const [chosen, setChosen] = useState<readonly User[]>([]);
  const [memberIds, setMemberIds] = useState<ReadonlySet<number>>(
    () => new Set([me, ...room.members.map((member) => member.id)]),
  );
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    let current = true;
    if (room.members.length !== room.member_count) {
      loadMembers(chat, room.id).then(
        (members) => current && setMemberIds(new Set(members.map((member) => member.id))),
        // Offering existing members does no harm: adding them again changes nothing.
        () => undefined,
      );
    }
    return () => {
      current = false;
    };
  }, [chat, room]);

  const add = async () => {
    setBusy(true);
    if (await attempt(runCommand('add_members', { room_id: room.id, user_ids: chosen.map((user) => user.id) }))) {
      toast(`Added ${chosen.map(nameInText).join(', ')} to ${roomLabel(room, me)}.`);
      onClose();
    } else setBusy(false);
  };
  return (
    <Dialog
      title={`Add people to ${roomLabel(room, me)}`}
      onClose={onClose}
      footer={
        <>
          <Button look="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" busy={busy} disabled={chosen.length === 0} onClick={add}>
            {chosen.length > 1 ? `Add ${chosen.length} people` : 'Add'}
          </Button>
        </>
      }
    >
      <div className="flex min-h-0 flex-col px-5 pt-2 pb-4">
        <PeoplePicker chosen={chosen} onChange={setChosen} without={memberIds} label="People to add" />
      </div>
    </Dialog>
  );
}

function LeaveRoom({ room, onClose }: RoomDialogProps) {
  const runCommand = useCommand();
  const me = useSignedIn().user.id;
  const [, navigate] = useLocation();
  const [busy, setBusy] = useState(false);
  const leave = async () => {
    setBusy(true);
    if (await attempt(runCommand('leave_room', { room_id: room.id }))) {
      onClose();
      navigate('/');
    } else setBusy(false);
  };
  return (
    <Dialog
      title={`Leave ${roomLabel(room, me)}?`}
      onClose={onClose}
      footer={
        <>
          <Button look="ghost" onClick={onClose}>
            Stay
          </Button>
          <Button look="danger" busy={busy} onClick={leave}>
            Leave
          </Button>
        </>
      }
    >
      <p className="px-5 pt-1 pb-5 text-ink-soft">
        {room.kind === 'channel'
          ? 'You stop getting its messages. You can join again at any time.'
          : 'You stop getting its messages, and can only come back when somebody adds you.'}
      </p>
    </Dialog>
  );
}

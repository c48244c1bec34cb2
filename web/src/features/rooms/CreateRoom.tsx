import type { ChatError, RoomKind, User } from '@backchannel/client';
import { type FormEvent, useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { problemText, useCommand } from '../../app/runCommand.ts';
import { useSignedIn } from '../../app/signedIn.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Field } from '../../ui/Field.tsx';
import { PeoplePicker } from './PeoplePicker.tsx';

const TITLES = { direct: 'New direct message', group: 'New group', channel: 'New channel' } as const;
const SUBMITS = { direct: 'Open conversation', group: 'Create group', channel: 'Create channel' } as const;

export function CreateRoom({ kind, onClose }: { readonly kind: RoomKind; readonly onClose: () => void }) {
  const runCommand = useCommand();
  const [, navigate] = useLocation();
  const me = useSignedIn().user.id;
  const [people, setPeople] = useState<readonly User[]>([]);
  const [name, setName] = useState('');
  const [topic, setTopic] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<{ name?: string | undefined; topic?: string | undefined; general?: string }>({});
  const without = useMemo(() => new Set([me]), [me]);
  const ready = kind === 'channel' ? name.trim() !== '' : people.length > 0;

  const submit = async (event?: FormEvent) => {
    event?.preventDefault();
    if (!ready || busy) return;
    setBusy(true);
    setError({});
    try {
      const { room } = await runCommand('create_room', {
        kind,
        ...(name.trim() && { name: name.trim() }),
        ...(topic.trim() && { topic: topic.trim() }),
        ...(kind !== 'channel' && { members: people.map((user) => user.id) }),
      });
      onClose();
      navigate(`/rooms/${room.id}`);
    } catch (refusal) {
      const fields = (refusal as ChatError).errors ?? {};
      const known = { name: fields['name']?.[0], topic: fields['topic']?.[0] };
      setError(known.name || known.topic ? known : { general: problemText(refusal) });
      setBusy(false);
    }
  };

  return (
    <Dialog
      title={TITLES[kind]}
      onClose={onClose}
      footer={
        <>
          <Button look="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" form="create-room" busy={busy} disabled={!ready}>
            {SUBMITS[kind]}
          </Button>
        </>
      }
    >
      <form id="create-room" onSubmit={submit} className="flex min-h-0 flex-col gap-4 px-5 pt-2 pb-4">
        {error.general && (
          <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-danger">
            {error.general}
          </p>
        )}
        {kind !== 'direct' && (
          <Field
            label="Name"
            value={name}
            onChange={(event) => setName(event.target.value)}
            maxLength={80}
            autoComplete="off"
            aside={kind === 'group' ? 'optional' : undefined}
            placeholder={kind === 'channel' ? 'design' : 'Summer offsite'}
            hint={kind === 'channel' ? 'Everybody here can find and join a channel.' : undefined}
            error={error.name}
          />
        )}
        {kind === 'channel' && (
          <Field
            label="Topic"
            aside="optional"
            value={topic}
            onChange={(event) => setTopic(event.target.value)}
            maxLength={250}
            autoComplete="off"
            placeholder="What this channel is about"
            error={error.topic}
          />
        )}
        {kind !== 'channel' && (
          <PeoplePicker
            chosen={people}
            onChange={(chosen) => setPeople(kind === 'direct' ? chosen.slice(-1) : chosen)}
            without={without}
            label="People to add"
          />
        )}
      </form>
    </Dialog>
  );
}

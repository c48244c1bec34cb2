import { useMemo, useState } from 'react';
import { Button } from '../../ui/Button.tsx';
import type { FleetPerson, FleetRecording, RecorderAsked } from './answers.gen.ts';
import { ask, useAnswer } from './ask.ts';
import { Answered, Section, Table, Wide } from './parts.tsx';
import { bytesOf, momentOf } from './words.ts';

const WHY: Readonly<Record<string, string>> = {
  error: 'an error occurred',
  asked: 'staff asked for it',
  person: 'the person sent it',
};

/** What this person's clients recorded of their connection: a list, a button to ask for more, and the lines of one. */
export function Recorders({ found }: { readonly found: FleetPerson }) {
  const [shown, setShown] = useState<string | null>(null);
  const [outcome, setOutcome] = useState('');
  const askForIt = async () => {
    setOutcome('');
    try {
      await ask<RecorderAsked>('recorder', { person: found.person.username }, undefined, 'POST');
      setOutcome(
        'Asked. What is connected answers within seconds, and is listed here; what is not, is not asked later.',
      );
    } catch (error) {
      setOutcome(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Section
      title="Recorders"
      note="States, times and errors of the connection; never messages, names of rooms or what was typed. That you ask is in the audit log."
    >
      <div className="flex flex-wrap items-center gap-3">
        <Button size="sm" onClick={() => void askForIt()}>
          Ask for the recorder
        </Button>
        <p role="status" className="text-sm">
          {outcome}
        </p>
      </div>
      <Table
        label="Recorders"
        head={['Sent', 'Because', 'Size', '']}
        rows={found.recordings.map((each) => [
          momentOf(each.at),
          WHY[each.why] ?? each.why,
          bytesOf(each.size_bytes),
          <Button
            key="show"
            size="sm"
            aria-expanded={shown === each.id}
            onClick={() => setShown((before) => (before === each.id ? null : each.id))}
          >
            {shown === each.id ? 'Hide lines' : 'Show lines'}
          </Button>,
        ])}
        empty="Their clients have sent none."
      />
      {shown !== null && <Lines key={shown} id={shown} />}
    </Section>
  );
}

function Lines({ id }: { readonly id: string }) {
  const asked = useMemo(() => ({ id }), [id]);
  const answer = useAnswer<FleetRecording>('recording', asked);
  return (
    <Answered answer={answer}>
      {({ client, transport, waiting, lines }) => (
        <>
          <p className="text-sm text-ink-soft">
            {client || 'An unknown client'}, over {transport ?? 'nothing proven'}; {waiting} waited to be sent.
          </p>
          <Wide label="Lines of the recorder, scrollable">
            <pre className="text-xs">{lines.map(({ at, text }) => `${momentOf(at)}  ${text}`).join('\n')}</pre>
          </Wide>
        </>
      )}
    </Answered>
  );
}

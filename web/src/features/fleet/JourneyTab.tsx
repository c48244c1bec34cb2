import { useEffect, useMemo, useState } from 'react';
import { Button } from '../../ui/Button.tsx';
import { cx } from '../../ui/classes.ts';
import type { Expected, FleetJourney, Journey, Step } from './answers.gen.ts';
import { type Asked, useAnswer } from './ask.ts';
import { askedBy } from './messageName.ts';
import { Answered, Section, Table } from './parts.tsx';
import { momentOf } from './words.ts';
import { isolated, nameInText } from '../../ui/names.ts';

/** Why did Cleo not get the message? First what they should have, then the way of one. */
export function JourneyTab({ person }: { readonly person: string }) {
  const [message, setMessage] = useState<Asked | null>(null);
  useEffect(() => setMessage(null), [person]);
  const asked = useMemo(() => (person ? { person, ...message } : null), [person, message]);
  const answer = useAnswer<FleetJourney>('journey', asked);
  if (!person) return <p className="text-sm text-ink-soft">Who should have got it? Give a username above.</p>;
  return (
    <>
      {message && (
        <div>
          <Button size="sm" onClick={() => setMessage(null)}>
            Other messages
          </Button>
        </div>
      )}
      <Answered answer={answer}>
        {(found) =>
          found.journey ? (
            <Way journey={found.journey} />
          ) : (
            <ShouldHave expected={found.expected} name={nameInText(found.person)} onPick={setMessage} />
          )
        }
      </Answered>
    </>
  );
}

interface ShouldHaveProps {
  readonly expected: readonly Expected[];
  readonly name: string;
  readonly onPick: (message: Asked) => void;
}

function ShouldHave({ expected, name, onPick }: ShouldHaveProps) {
  return (
    <Section
      title={`What ${name} should have`}
      note="The newest 20 messages of others. Their text is not shown to anybody here."
    >
      <Table
        label="Messages"
        head={['Committed', 'Room', 'Arrived', 'Read', '']}
        rows={expected.map((each) => [
          momentOf(each.at),
          roomOf(each.room),
          each.arrived ? 'yes' : 'not known',
          each.read ? 'yes' : 'no',
          <Button key="pick" size="sm" onClick={() => onPick({ message: each.id })}>
            Why?
          </Button>,
        ])}
        empty="Nobody has written in their rooms."
      />
      <label className="flex flex-col gap-1.5 text-sm">
        Another message: paste its address, or its id
        <input
          autoComplete="off"
          className="h-10 max-w-xl rounded-md border border-line-strong bg-raised px-3 text-base"
          onChange={(event) => {
            const asked = askedBy(event.target.value);
            if (asked) onPick(asked);
          }}
        />
      </label>
    </Section>
  );
}

function roomOf(room: Expected['room']): string {
  if (room.kind === 'direct') return 'a direct room';
  return isolated(room.name ?? '') || `group ${room.id}`;
}

const DOTS: Readonly<Record<Step['state'], string>> = { done: 'fill-ok', open: 'fill-warn', unknown: 'fill-ink-faint' };

function Way({ journey }: { readonly journey: Journey }) {
  return (
    <Section title={`#${journey.seq} of ${roomOf(journey.room)}`}>
      <p className="rounded-md bg-accent-soft px-3 py-2">{journey.verdict}</p>
      <ol className="flex flex-col">
        {journey.steps.map((step) => (
          <li key={step.step} className="flex gap-3 border-l border-line py-2 pl-3 text-sm">
            <svg viewBox="0 0 10 10" className={cx('mt-1.5 size-2.5 shrink-0', DOTS[step.state])} aria-hidden="true">
              <circle cx="5" cy="5" r="5" />
            </svg>
            <div>
              <strong className="font-medium">{step.step}</strong> · {step.state} · {step.evidence}
              {step.transport && ` · ${step.transport}`}
              <span className="tabular block text-ink-soft">{whenOf(step)}</span>
              <span className="block text-ink-soft">{step.text}</span>
            </div>
          </li>
        ))}
      </ol>
    </Section>
  );
}

function whenOf({ earliest, latest }: Step): string {
  const from = earliest ? momentOf(earliest) : null;
  const to = latest ? momentOf(latest) : null;
  if (from && to) return from === to ? from : `between ${from} and ${to}`;
  if (from) return `not before ${from}`;
  return to ? `not after ${to}` : 'when is not known';
}

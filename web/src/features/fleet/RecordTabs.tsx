import { useMemo } from 'react';
import type { FleetAudit, FleetErrors } from './answers.gen.ts';
import { useAnswer } from './ask.ts';
import { Answered, Section, Table } from './parts.tsx';
import { momentOf } from './words.ts';

const NOTHING = {};

/** Unexpected errors, in groups. */
export function ErrorsTab() {
  const answer = useAnswer<FleetErrors>('errors', NOTHING);
  return (
    <Answered answer={answer}>
      {({ groups }) => (
        <Section title="Errors" note="People are shown a reference like K7QF-2MZD; each group has its last ones.">
          {groups.length === 0 && <p className="text-sm text-ink-soft">None is kept.</p>}
          {groups.map((group) => (
            <details
              key={group.side + group.kind + group.place}
              className="rounded-md border border-line bg-raised px-3 py-2 text-sm"
            >
              <summary>
                <strong className="font-medium">{group.kind}</strong> · {group.side} · {group.count} ×, last{' '}
                {momentOf(group.last_at)}
                {group.references.length > 0 && ` · ${group.references.join(' ')}`}
              </summary>
              <p className="pt-2 text-ink-soft">
                {group.place} · since {momentOf(group.first_at)} · {group.version}
              </p>
              <pre className="scroll-thin overflow-x-auto pt-2 text-xs">{group.sample}</pre>
            </details>
          ))}
        </Section>
      )}
    </Answered>
  );
}

/** Who changed whose access, or the server. `person`: of one; "" for everybody. */
export function AuditTab({ person }: { readonly person: string }) {
  const asked = useMemo(() => (person ? { person } : NOTHING), [person]);
  const answer = useAnswer<FleetAudit>('audit', asked);
  return (
    <Answered answer={answer}>
      {({ entries }) => (
        <Section title={person ? `Audit log, ${person}` : 'Audit log'}>
          <Table
            label="Audit log"
            head={['#', 'When', 'Who', 'What', 'Whom', 'From']}
            rows={entries.map((each) => [
              each.position,
              momentOf(each.at),
              each.actor,
              each.action,
              each.subject,
              each.address,
            ])}
            empty="No entry."
          />
        </Section>
      )}
    </Answered>
  );
}

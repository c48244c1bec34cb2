import { cx } from '../../ui/classes.ts';
import type { Examined, FleetNow } from './answers.gen.ts';
import { useAnswer } from './ask.ts';
import { Answered, Figure, Section, Table, Wide } from './parts.tsx';
import { Transports } from './Transports.tsx';
import { agoOf, bytesOf, causeOf, secondsOf } from './words.ts';

const NOTHING = {};
const EVERY_MS = 5_000;

/** Is the fleet healthy? */
export function NowTab() {
  const answer = useAnswer<FleetNow>('now', NOTHING, EVERY_MS);
  return <Answered answer={answer}>{(now) => <Now now={now} />}</Answered>;
}

function Now({ now }: { readonly now: FleetNow }) {
  const at = Date.parse(now.at);
  const count = (transport: string) =>
    now.open.reduce((sum, each) => sum + (each.transport === transport ? each.count : 0), 0);
  return (
    <>
      <Section title="Open problems">
        {now.problems.length === 0 ? (
          <p className="text-sm text-ink-soft">None that the server can see by itself.</p>
        ) : (
          <ul className="flex flex-col gap-1.5">
            {now.problems.map(({ alert, text }) => (
              <li key={alert + text} className="rounded-md bg-warn-soft px-3 py-2 text-sm">
                <strong className="font-medium">{alert}</strong>: {text}
              </li>
            ))}
          </ul>
        )}
      </Section>
      {now.examined && <Findings examined={now.examined} at={at} />}
      <dl className="grid grid-cols-2 gap-2 md:grid-cols-3 lg:grid-cols-6">
        <Figure name="People" value={now.people} />
        <Figure name="WebSockets" value={count('websocket')} />
        <Figure name="On HTTP" value={count('http')} />
        <Figure name="Messages" value={now.sends_per_s} unit="/s" />
        <Figure name="Delivery, p50" value={now.delivery ? secondsOf(now.delivery.p50) : '–'} />
        <Figure name="Delivery, p99" value={now.delivery ? secondsOf(now.delivery.p99) : '–'} />
      </dl>
      <Section title="Transports, 24 hours">
        <Transports minutes={now.minutes} until={at} />
      </Section>
      <Section title="Why WebSockets ended, last hour">
        <Table
          label="Causes"
          head={['Cause', 'Attempts']}
          rows={now.causes.map(({ cause, count: attempts }) => [causeOf(cause), attempts])}
          empty="No attempt failed and no connection was cut."
        />
      </Section>
      <Section title="Nodes">
        <Table
          label="Nodes"
          head={['Node', 'Version', 'Started', 'Seen', 'Redis', 'Disk free']}
          rows={now.nodes.map((node) => [
            node.id,
            node.version,
            agoOf(node.started_at, at),
            node.silent ? `silent, ${agoOf(node.last_at, at)}` : agoOf(node.last_at, at),
            node.bus_up ? 'up' : 'away',
            node.free_bytes === null || node.size_bytes === null
              ? '–'
              : `${bytesOf(node.free_bytes)} of ${bytesOf(node.size_bytes)}`,
          ])}
          empty="No process has written evidence: BACKCHANNEL_ANALYTICS is off."
        />
        <p className="text-sm text-ink-soft">
          {now.backup ? (
            `Newest backup: ${agoOf(now.backup.at, at)}, ${bytesOf(now.backup.size_bytes)}.`
          ) : (
            <>
              No backup by <code>backchannel backup</code> is known.
            </>
          )}
        </p>
      </Section>
    </>
  );
}

/** What `backchannel doctor` found on the server; a note need not be wrong. */
function Findings({ examined, at }: { readonly examined: Examined; readonly at: number }) {
  return (
    <Section title="Doctor" note={`What the server found when it examined itself, ${agoOf(examined.at, at)}.`}>
      {examined.findings.length === 0 && <p className="text-sm text-ink-soft">Everything is as it should be.</p>}
      <ul className="flex flex-col gap-1.5">
        {examined.findings.map(({ code, title, is_problem, text, advice }) => (
          <li
            key={code + text}
            className={cx(
              'rounded-md px-3 py-2 text-sm',
              is_problem ? 'bg-danger-soft' : 'border border-line bg-raised',
            )}
          >
            <strong className="font-medium">
              {code} {title}
            </strong>
            : {text}
            {advice && (
              <Wide label={`Advice for ${code}, scrollable`}>
                <pre className="pt-1 text-xs">{advice}</pre>
              </Wide>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

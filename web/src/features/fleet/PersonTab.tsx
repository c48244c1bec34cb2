import { useMemo } from 'react';
import type { FleetPerson, Lane } from './answers.gen.ts';
import { useAnswer } from './ask.ts';
import { type Look, piecesOf, type Span } from './geometry.ts';
import { Answered, Legend, Section, Table } from './parts.tsx';
import { Recorders } from './Recorders.tsx';
import { causeOf, momentOf } from './words.ts';
import { nameInText } from '../../ui/names.ts';

const FILLS: Readonly<Record<Look, string>> = {
  websocket: 'fill-ok',
  http: 'fill-warn',
  failed: 'fill-accent-line',
  refused: 'fill-danger',
};
const NAMES: Readonly<Record<Look, string>> = {
  websocket: 'WebSocket',
  http: 'HTTP',
  failed: 'WebSocket that was cut',
  refused: 'attempt that failed',
};
const LEGEND = (Object.keys(FILLS) as Look[]).map((look) => ({ name: NAMES[look], className: FILLS[look] }));
const WIDTH = 960;
const HEIGHT = 22;
const HOURS = 24;
const EVERY_MS = 5_000;

/** The connections of one person, a lane for each device. */
export function PersonTab({ person }: { readonly person: string }) {
  const asked = useMemo(() => (person ? { person, hours: String(HOURS) } : null), [person]);
  const answer = useAnswer<FleetPerson>('person', asked, EVERY_MS);
  if (!person) return <p className="text-sm text-ink-soft">Whose connections? Give a username above.</p>;
  return <Answered answer={answer}>{(found) => <Person found={found} />}</Answered>;
}

function Person({ found }: { readonly found: FleetPerson }) {
  const to = Date.parse(found.at);
  const span: Span = { from: to - HOURS * 3_600_000, to };
  if (found.analytics !== 'on')
    return <p className="text-sm">Nothing is kept by person: BACKCHANNEL_ANALYTICS is {found.analytics}.</p>;
  return (
    <>
      <Section
        title={`${nameInText(found.person)}, 24 hours`}
        note={found.partial && 'There is more: the newest 500 are shown.'}
      >
        {found.lanes.length === 0 && <p className="text-sm text-ink-soft">No connection within this time.</p>}
        {found.lanes.map((lane) => (
          <LanePicture key={lane.name} lane={lane} span={span} />
        ))}
        <Legend items={LEGEND} />
      </Section>
      {found.lanes.map((lane) => (
        <Section key={lane.name} title={`Device ${lane.name}`}>
          <Table
            label={`Connections of device ${lane.name}`}
            head={['From', 'To', 'Transport', 'Ended', 'Because', 'Network']}
            rows={lane.stretches
              .toReversed()
              .slice(0, 50)
              .map((each) => [
                momentOf(each.since),
                each.until === null ? 'open' : momentOf(each.until),
                each.live ? each.transport : `${each.transport}, refused`,
                [each.code, each.reason].filter(Boolean).join(' ') || '–',
                each.cause ? causeOf(each.cause) : '–',
                each.network,
              ])}
            empty="None."
          />
        </Section>
      ))}
      <Recorders found={found} />
    </>
  );
}

function LanePicture({ lane, span }: { readonly lane: Lane; readonly span: Span }) {
  const label = `${lane.name}: ${lane.agent || lane.client || 'unknown'}`;
  return (
    <figure className="flex flex-col gap-1">
      <figcaption className="text-xs text-ink-soft">{label}</figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-6 w-full rounded-sm border border-line bg-raised"
        role="img"
        aria-label={`${label}, ${lane.stretches.length} connections`}
      >
        {piecesOf(lane.stretches, span, WIDTH).map(({ x, width, look, stretch }) => (
          <rect
            key={stretch.since + stretch.transport}
            x={x}
            width={width}
            y={look === 'http' ? HEIGHT / 2 : 2}
            height={HEIGHT / 2 - 2}
            className={FILLS[look]}
          >
            <title>{`${momentOf(stretch.since)}: ${NAMES[look]}${stretch.cause && `, ${causeOf(stretch.cause)}`}`}</title>
          </rect>
        ))}
      </svg>
    </figure>
  );
}

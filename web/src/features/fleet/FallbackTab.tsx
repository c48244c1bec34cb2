import { useMemo, useState } from 'react';
import { Button } from '../../ui/Button.tsx';
import type { CausesOfHour, FleetFallback, Lives } from './answers.gen.ts';
import { useAnswer } from './ask.ts';
import { stacked } from './geometry.ts';
import { Answered, Legend, Section, Table, Wide } from './parts.tsx';
import { causeOf, momentOf, percent } from './words.ts';
import { cleanName } from '../../ui/names.ts';

const SPANS = [
  { hours: '24', title: 'A day' },
  { hours: '168', title: 'A week' },
  { hours: '720', title: '30 days' },
] as const;

const EVERY_MS = 10_000;

/** Who is on HTTP and why; which network, browser or proxy ends WebSockets. */
export function FallbackTab() {
  const [hours, setHours] = useState<string>('24');
  const asked = useMemo(() => ({ hours }), [hours]);
  const answer = useAnswer<FleetFallback>('fallback', asked, EVERY_MS);
  return (
    <>
      <div role="group" aria-label="How far back" className="flex gap-2">
        {SPANS.map((each) => (
          <Button
            key={each.hours}
            size="sm"
            aria-pressed={hours === each.hours}
            look={hours === each.hours ? 'primary' : 'quiet'}
            onClick={() => setHours(each.hours)}
          >
            {each.title}
          </Button>
        ))}
      </div>
      <Answered answer={answer}>{(found) => <Fallback found={found} />}</Answered>
    </>
  );
}

function Fallback({ found }: { readonly found: FleetFallback }) {
  return (
    <>
      <Section
        title="On HTTP now"
        note={found.analytics !== 'on' && 'Nothing is kept by person (BACKCHANNEL_ANALYTICS).'}
      >
        <Table
          label="People on HTTP"
          head={['Person', 'Since', 'Because', 'Browser', 'Network']}
          rows={found.people.map((each) => [
            cleanName(each.username),
            momentOf(each.since),
            each.cause ? causeOf(each.cause) : 'has not tried a WebSocket',
            each.agent,
            each.network,
          ])}
          empty="Nobody."
        />
      </Section>
      <Section title="Causes by hour">
        <Hours hours={found.hours} />
      </Section>
      <Section title="Network and browser" note="The interval is where the true rate of failures is with 95 %.">
        <Table
          label="Networks and browsers"
          head={['Network', 'Browser', 'Attempts', 'Failed', 'Rate', 'Mostly']}
          rows={found.places.map((each) => [
            each.network || 'not kept',
            each.agent || '–',
            each.attempts,
            each.failed,
            `${percent(each.low)} to ${percent(each.high)}`,
            each.cause ? causeOf(each.cause) : '–',
          ])}
          empty="No attempt at a WebSocket within this time."
        />
      </Section>
      <Section title="How long WebSockets lived" note="A proxy's time-out shows as a spike of those that were cut.">
        <LivesPicture lives={found.lives} />
      </Section>
      <Section title="Proxies that name themselves">
        <Table
          label="Proxies"
          head={['Via', 'Attempts', 'Failed']}
          rows={found.proxies.map((each) => [each.via, each.attempts, each.failed])}
          empty="None sends Via."
        />
      </Section>
    </>
  );
}

const WIDTH = 960;
const HEIGHT = 140;
const FILLS = ['fill-danger', 'fill-warn', 'fill-accent', 'fill-ok', 'fill-ink-soft', 'fill-accent-line'] as const;

function Hours({ hours }: { readonly hours: readonly CausesOfHour[] }) {
  const names = [...new Set(hours.flatMap((each) => Object.keys(each.causes)))].sort();
  const fillOf = (name: string) => FILLS[names.indexOf(name) % FILLS.length] ?? FILLS[0];
  const sums = hours.map((each) => Object.values(each.causes).reduce((sum, count) => sum + count, 0));
  const most = Math.max(1, ...sums);
  if (names.length === 0) return <p className="text-sm text-ink-soft">Nothing failed within this time.</p>;
  const wide = WIDTH / hours.length;
  return (
    <figure className="flex flex-col gap-1.5">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-36 w-full rounded-md border border-line bg-raised"
        role="img"
        aria-label={`Up to ${most} failures in an hour.`}
      >
        {hours.map((hour, at) =>
          stacked(hour.causes, most).map(({ name, from, to }) => (
            <rect
              key={hour.at + name}
              x={at * wide}
              width={Math.max(1, wide - 1)}
              y={(1 - to) * HEIGHT}
              height={(to - from) * HEIGHT}
              className={fillOf(name)}
            >
              <title>{`${momentOf(hour.at)}: ${causeOf(name)}, ${hour.causes[name]} of ${hour.attempts} attempts`}</title>
            </rect>
          )),
        )}
      </svg>
      <figcaption>
        <Legend items={names.map((name) => ({ name: causeOf(name), className: fillOf(name) }))} />
      </figcaption>
    </figure>
  );
}

function LivesPicture({ lives }: { readonly lives: readonly Lives[] }) {
  const most = Math.max(1, ...lives.map((each) => each.count));
  const wide = WIDTH / Math.max(1, lives.length);
  return (
    <figure className="flex flex-col gap-1.5">
      <Wide label="Lives, scrollable">
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT + 16}`}
          className="w-full min-w-180 rounded-md border border-line bg-raised"
          role="img"
          aria-label={`Up to ${most} connections of about the same life.`}
        >
          {lives.map((each, at) => (
            <g key={each.up_to ?? 'longer'}>
              <title>{`${nameOf(each)}: ${each.count} connections, ${each.cut} with a cause`}</title>
              <rect
                x={at * wide + 4}
                width={wide - 8}
                y={HEIGHT * (1 - each.count / most)}
                height={(HEIGHT * each.count) / most}
                className="fill-accent-line"
              />
              <rect
                x={at * wide + 4}
                width={wide - 8}
                y={HEIGHT * (1 - each.cut / most)}
                height={(HEIGHT * each.cut) / most}
                className="fill-danger"
              />
              <text x={(at + 0.5) * wide} y={HEIGHT + 12} textAnchor="middle" className="fill-ink-soft text-[12px]">
                {nameOf(each)}
              </text>
            </g>
          ))}
        </svg>
      </Wide>
      <figcaption>
        <Legend
          items={[
            { name: 'ended', className: 'fill-accent-line' },
            { name: 'of these, with a cause', className: 'fill-danger' },
          ]}
        />
      </figcaption>
    </figure>
  );
}

function nameOf({ up_to }: Lives): string {
  if (up_to === null) return 'longer';
  if (up_to < 120) return `≤ ${up_to} s`;
  return up_to < 7200 ? `≤ ${up_to / 60} min` : `≤ ${up_to / 3600} h`;
}

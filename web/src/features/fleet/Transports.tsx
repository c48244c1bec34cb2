import type { Minutes } from './answers.gen.ts';
import { across, bandOf, runsOf, type Span } from './geometry.ts';
import { Legend, Wide } from './parts.tsx';
import { clockOf, percent } from './words.ts';

const WIDTH = 960;
const HEIGHT = 140;
const HOUR_MS = 3_600_000;
/** Half the width of a time as it is written below the picture. */
const HALF_A_TIME = 20;

const ofHttp = (each: Minutes): number => each.http / Math.max(1, each.http + each.websocket);
const bottom = (): number => 0;
const top = (): number => 1;

/** The share of both transports over 24 hours, as two bands; where nothing is drawn, no process was there. */
export function Transports({ minutes, until }: { readonly minutes: readonly Minutes[]; readonly until: number }) {
  const span: Span = { from: until - 24 * HOUR_MS, to: until };
  const box = { span, width: WIDTH, height: HEIGHT };
  const last = minutes.at(-1);
  const text = last
    ? `Now ${percent(ofHttp(last))} of ${last.http + last.websocket} connections are on HTTP.`
    : 'Nothing is known.';
  return (
    <figure className="flex flex-col gap-1.5">
      <Wide label="Transports by time, scrollable">
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT + 16}`}
          className="w-full min-w-180 rounded-md border border-line bg-raised"
          role="img"
          aria-label={text}
        >
          {runsOf(minutes).map((run) => (
            <g key={run[0]?.at}>
              <path d={bandOf(run, ofHttp, top, box)} className="fill-accent-line" />
              <path d={bandOf(run, bottom, ofHttp, box)} className="fill-warn" />
            </g>
          ))}
          <Hours span={span} y={HEIGHT + 12} />
        </svg>
      </Wide>
      <figcaption>
        <Legend
          items={[
            { name: 'WebSocket', className: 'fill-accent-line' },
            { name: 'HTTP', className: 'fill-warn' },
          ]}
        />
      </figcaption>
    </figure>
  );
}

/** The time of each fourth hour. */
function Hours({ span, y }: { readonly span: Span; readonly y: number }) {
  const step = 4 * HOUR_MS;
  const first = Math.ceil(span.from / step) * step;
  const times = Array.from({ length: Math.floor((span.to - first) / step) + 1 }, (_, at) => first + at * step);
  return times.map((at) => (
    <text
      key={at}
      x={Math.min(WIDTH - HALF_A_TIME, Math.max(HALF_A_TIME, across(at, span, WIDTH)))}
      y={y}
      textAnchor="middle"
      className="fill-ink-soft text-[12px]"
    >
      {clockOf(at)}
    </text>
  ));
}

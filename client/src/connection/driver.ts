/**
 * The connection's shell: feeds events to the machine and performs the effects it returns.
 *
 * Holds the socket, the poller, and the timer of the machine's deadline. It decides nothing:
 * every decision is a cell of the machine's table, every status a rule of status.ts.
 */
import { createAlarm } from '../clock.ts';
import type { Environment } from '../environment.ts';
import { PROTOCOL, type Routes, type ServerFrame, type SyncResponse } from '../protocol.ts';
import { createHttp, type Http } from '../transports/http.ts';
import { type Link, openLink } from '../transports/websocket.ts';
import type { Connection } from '../types.ts';
import { type Effect, type Event, INITIAL, isLive, isPolling, isUnsure, next } from './machine.ts';
import { createPoller, type ResumeSource } from './poller.ts';
import { damp, judge, NO_EVIDENCE, type Shown, withRequest } from './status.ts';

export interface DriverPorts {
  polled(answer: SyncResponse): void;
  /** From the WebSocket. */
  frames(frames: readonly ServerFrame[]): void;
  /** Stopped, halted, or the session may be over: nothing is sent until the server has confirmed who is signed in. */
  doubted(): void;
  /** A link became live, or HTTP answers again. */
  recovered(): void;
  changed(): void;
}

export interface Driver {
  readonly http: Http;
  readonly connection: Omit<Connection, 'waiting'>;
  /** The proven link, or null. */
  readonly link: Link | null;
  /** Neither transport works now. Unlike the status, this is not held back. */
  readonly isLost: boolean;
  start(): void;
  stop(): void;
  retryNow(): void;
  /** An answer is late: check the link. */
  doubt(): void;
  /** The link is open and does not work: replace it. */
  zombie(link: Link): void;
}

export function createDriver(env: Environment, routes: Routes, replica: ResumeSource, ports: DriverPorts): Driver {
  const { clock, random, log, events } = env;
  let model = INITIAL;
  let rest = NO_EVIDENCE;
  let shown = beforeConnect(0);
  let link: Link | null = null;
  let lastHeardAt: number | null = null;
  let unsubscribe: (() => void) | null = null;

  const http = createHttp(env, { answered: count, refused: (reason) => dispatch({ type: 'refused', reason }) }, routes);
  const setDeadline = createAlarm(clock, () => dispatch({ type: 'timeout' }));
  const showAgain = createAlarm(clock, show);
  const poller = createPoller(env, http, replica, ports.polled);

  function dispatch(event: Event): void {
    const before = model.state;
    const step = next(model, event, clock.now(), random());
    model = step.model;
    const { state, failures } = model;
    const becameLive = isLive(state) && !isLive(before);
    if (state !== before) {
      log('connection', { from: before, to: state, on: event.type, failures });
      // How HTTP did before this link was proven is outdated.
      if (isLive(before) && !isLive(state)) rest = NO_EVIDENCE;
    }
    for (const effect of step.effects) DO[effect]();
    if (isUnsure(state) && !isUnsure(before)) ports.doubted();
    setDeadline(model.deadline);
    poller.run(isPolling(model.state));
    // A frame on a live link changes nothing that is shown.
    if (state === before && isLive(state)) return;
    if (becameLive) ports.recovered();
    show();
  }

  const DO: Readonly<Record<Effect, () => void>> = {
    open,
    close() {
      link?.drop();
      link = null;
    },
    greet() {
      const resume = replica.resume();
      link?.send({ type: 'hello', protocol: PROTOCOL, client: env.client, ...(resume && { resume }) });
    },
    ping: () => link?.send({ type: 'ping' }),
    probe() {
      // A 401 arrives as `refused` before this.
      const probed = (): void => dispatch({ type: 'probed' });
      http.request('get_me', {}).then(probed, probed);
    },
  };

  function open(): void {
    let linkEpoch: string | undefined;
    const opened = openLink(env, {
      opened: () => dispatch({ type: 'opened' }),
      frames(frames) {
        lastHeardAt = clock.now();
        for (const frame of frames) if (frame.type === 'hello') linkEpoch = frame.epoch;
        // HTTP reported another epoch meanwhile: frames of a stalled socket belong to the old one.
        if (frames[0]?.type !== 'hello' && linkEpoch !== undefined && linkEpoch !== replica.epoch) {
          return dispatch({ type: 'zombie' });
        }
        ports.frames(frames);
        // A frame may have ended this link (another person).
        for (const frame of frames) if (opened === link) receive(frame, opened);
      },
      closed(code) {
        log('socket_closed', { code });
        link = null;
        dispatch({ type: 'closed', code });
      },
    });
    link = opened;
  }

  function receive(frame: ServerFrame, from: Link): void {
    switch (frame.type) {
      case 'hello':
      case 'caught_up':
      case 'pong':
      case 'going_away':
        return dispatch(frame);
      default:
        if (frame.type === 'ping') from.send({ type: 'pong' });
        dispatch({ type: 'frame' });
    }
  }

  function count(ok: boolean): void {
    const { failures } = rest;
    rest = withRequest(rest, ok);
    if (ok) lastHeardAt = clock.now();
    // HTTP works again: end the backoffs.
    if (ok && failures > 0) ports.recovered();
    show();
  }

  function show(): void {
    shown = damp(shown, judge(model, rest, events.isOnline()), clock.now());
    showAgain(shown.again);
    ports.changed();
  }

  return {
    http,
    get connection() {
      const { state, deadline } = model;
      return {
        ...shown.verdict,
        retryAt: state === 'waiting' || state === 'leaving' ? deadline : null,
        lastHeardAt,
      };
    },
    get link() {
      return isLive(model.state) ? link : null;
    },
    get isLost() {
      return judge(model, rest, events.isOnline()).status === 'error';
    },
    start() {
      unsubscribe ??= events.subscribe((fact) => {
        if (fact === 'hidden') return;
        dispatch({ type: fact === 'offline' ? 'doubt' : 'wake' });
        if (fact !== 'offline') poller.hurry();
      });
      if (model.state === 'stopped') {
        rest = NO_EVIDENCE;
        shown = beforeConnect(clock.now());
      }
      dispatch({ type: 'connect' });
    },
    stop() {
      unsubscribe?.();
      unsubscribe = null;
      dispatch({ type: 'disconnect' });
    },
    retryNow() {
      dispatch({ type: 'retry_now' });
      poller.hurry();
    },
    doubt: () => dispatch({ type: 'doubt' }),
    zombie(accused) {
      if (accused !== link) return;
      log('zombie');
      dispatch({ type: 'zombie' });
    },
  };
}

const beforeConnect = (since: number): Shown => ({ verdict: judge(INITIAL, NO_EVIDENCE, true), since, again: null });

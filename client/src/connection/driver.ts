/**
 * The connection's shell: feeds the machine with what happens and does what it returns.
 *
 * Holds the one socket, the poller, and one timer for the machine's deadline. It decides nothing:
 * every decision is a cell of the machine's table, every colour a rule of status.ts.
 */
import type { Environment } from '../environment.ts';
import { PROTOCOL, type Resume, type ServerFrame } from '../protocol.ts';
import { Http } from '../transports/http.ts';
import { Link } from '../transports/websocket.ts';
import type { Connection, Method } from '../types.ts';
import { BY_REST, type Effect, type Event, INITIAL, isLive, isUnsure, type Model, next } from './machine.ts';
import { Poller } from './poller.ts';
import { answered, damp, judge, NO_EVIDENCE, type Shown, unanswered } from './status.ts';

export interface DriverPorts {
  resume(): Resume | undefined;
  wait_s(): number;
  frames(frames: readonly ServerFrame[], method: Method): void;
  /** The epoch a poll was answered under. */
  polled(epoch: string): void;
  /** Stopped, halted, or the session may be over: who is speaking must be heard again before anything is sent. */
  doubted(): void;
  /** A link became live, or HTTP answers again. */
  recovered(): void;
  changed(): void;
}

export class Driver {
  readonly http: Http;
  readonly #env: Environment;
  readonly #ports: DriverPorts;
  readonly #poller: Poller;
  #model: Model = INITIAL;
  #rest = NO_EVIDENCE;
  #shown: Shown = { verdict: judge(INITIAL, NO_EVIDENCE, true), since: 0 };
  #link: Link | null = null;
  #timer: unknown = null;
  #timerAt = 0;
  #recheck: unknown = null;
  #lastHeardAt: number | null = null;
  #unsubscribe: (() => void) | null = null;

  constructor(env: Environment, ports: DriverPorts) {
    this.#env = env;
    this.#ports = ports;
    this.http = new Http(env, {
      witness: (ok) => this.#witness(ok),
      refused: (reason) => this.dispatch({ type: 'refused', reason }),
    });
    this.#poller = new Poller(env, this.http, {
      resume: ports.resume,
      wait_s: ports.wait_s,
      answered: (answer) => {
        ports.frames(answer.frames, 'rest');
        ports.polled(answer.epoch);
      },
    });
  }

  get connection(): Omit<Connection, 'waiting'> {
    const { state, deadline } = this.#model;
    const retryAt = state === 'waiting' || state === 'leaving' ? deadline : null;
    return { ...this.#shown.verdict, retryAt, lastHeardAt: this.#lastHeardAt };
  }

  /** The proven link, or null. */
  get link(): Link | null {
    return isLive(this.#model.state) ? this.#link : null;
  }

  start(): void {
    this.#unsubscribe ??= this.#env.events.subscribe((fact) => {
      if (fact === 'hidden') return;
      this.dispatch({ type: fact === 'offline' ? 'doubt' : 'wake' });
      if (fact !== 'offline') this.#poller.hurry();
    });
    if (this.#model.state === 'stopped') {
      this.#rest = NO_EVIDENCE;
      this.#shown = { verdict: judge(INITIAL, NO_EVIDENCE, true), since: this.#env.clock.now() };
    }
    this.dispatch({ type: 'connect' });
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.dispatch({ type: 'disconnect' });
  }

  retryNow(): void {
    this.dispatch({ type: 'retry_now' });
    this.#poller.hurry();
  }

  zombie(link: Link): void {
    if (link === this.#link) this.dispatch({ type: 'zombie' });
  }

  dispatch(event: Event): void {
    const { clock, random, log } = this.#env;
    const before = this.#model;
    const { model, effects } = next(before, event, clock.now(), random());
    this.#model = model;
    if (model.state !== before.state) {
      log('connection', { from: before.state, to: model.state, on: event.type, failures: model.failures });
      // What HTTP did before this link was proven says nothing about now.
      if (isLive(before.state) && !isLive(model.state)) this.#rest = NO_EVIDENCE;
    }
    for (const effect of effects) this.#do(effect);
    if (isUnsure(model.state) && !isUnsure(before.state)) this.#ports.doubted();
    this.#arm();
    this.#poller.running = BY_REST[model.state];
    if (model.state === before.state && isLive(model.state)) return;
    if (isLive(model.state) && !isLive(before.state)) this.#ports.recovered();
    this.#show();
  }

  #do(effect: Effect): void {
    switch (effect) {
      case 'open':
        return this.#open();
      case 'close':
        this.#link?.drop();
        this.#link = null;
        return;
      case 'greet': {
        const resume = this.#ports.resume();
        this.#link?.send({ type: 'hello', protocol: PROTOCOL, client: this.#env.client, ...(resume && { resume }) });
        return;
      }
      case 'ping':
        this.#link?.send({ type: 'ping' });
        return;
      case 'probe': {
        // A 401 arrives as `refused` before this.
        const probed = (): void => this.dispatch({ type: 'probed' });
        this.http.request('get_me', {}).then(probed, probed);
      }
    }
  }

  #open(): void {
    const link: Link = new Link(this.#env, {
      opened: () => this.dispatch({ type: 'opened' }),
      frames: (frames) => {
        this.#lastHeardAt = this.#env.clock.now();
        this.#ports.frames(frames, 'websocket');
        // A frame may have ended this link (a new epoch, another person).
        for (const frame of frames) if (link === this.#link) this.#hear(frame, link);
      },
      closed: (code) => {
        this.#env.log('socket_closed', { code });
        this.#link = null;
        this.dispatch({ type: 'closed', code });
      },
    });
    this.#link = link;
  }

  #hear(frame: ServerFrame, link: Link): void {
    if (frame.type === 'ping') link.send({ type: 'pong' });
    if (frame.type === 'hello') this.dispatch({ type: 'hello', heartbeat_ms: frame.heartbeat_s * 1_000 });
    else if (frame.type === 'going_away') this.dispatch({ type: 'going_away', retry_after_ms: frame.retry_after_ms });
    else this.dispatch({ type: frame.type === 'caught_up' || frame.type === 'pong' ? frame.type : 'frame' });
  }

  #witness(ok: boolean): void {
    const before = this.#rest;
    this.#rest = ok ? answered() : unanswered(before);
    if (ok) {
      this.#lastHeardAt = this.#env.clock.now();
      // The way out is open again: what waits need not sit out its backoff.
      if (before.failures > 0) this.#ports.recovered();
    }
    this.#show();
  }

  /** One timer, moved forward lazily: a busy link re-arms nothing, it only moves the deadline. */
  #arm(): void {
    const { clock } = this.#env;
    const { deadline } = this.#model;
    if (this.#timer !== null && (deadline === null || deadline < this.#timerAt)) {
      clock.clearTimeout(this.#timer);
      this.#timer = null;
    }
    if (deadline === null || this.#timer !== null) return;
    this.#timerAt = deadline;
    this.#timer = clock.setTimeout(() => {
      this.#timer = null;
      if (this.#model.deadline !== null && clock.now() >= this.#model.deadline) this.dispatch({ type: 'timeout' });
      else this.#arm();
    }, deadline - clock.now());
  }

  #show(): void {
    const { clock, events } = this.#env;
    const now = clock.now();
    const { shown, again } = damp(this.#shown, judge(this.#model, this.#rest, events.isOnline()), now);
    this.#shown = shown;
    if (this.#recheck !== null) clock.clearTimeout(this.#recheck);
    this.#recheck = again === null ? null : clock.setTimeout(() => this.#show(), again - now);
    this.#ports.changed();
  }
}

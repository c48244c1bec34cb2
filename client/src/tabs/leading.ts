/**
 * The leader's part: the real socket, and what the other tabs hear and say through it.
 *
 * A tab that is alone (without locks, or apart) leads too; what it posts goes nowhere. Where a frame
 * belongs is the relay's matter, who leads the election's.
 */
import type { ServerFrame } from '../protocol.ts';
import type { Present, WebSocketConstructor, WebSocketLike } from '../types.ts';
import { codeFor, FINAL_STATUS, LOST } from './closes.ts';
import { Relay } from './relay.ts';
import type { SharedSocket } from './sharedSocket.ts';
import type { Votes } from './votes.ts';
import type { TabId, Word } from './words.ts';

export interface LeadingPorts {
  readonly id: TabId;
  readonly WebSocket: WebSocketConstructor;
  readonly votes: Votes;
  leads(): boolean;
  /** False where these frames are another person's: nothing of them is passed on. */
  isOurs(frame: ServerFrame | undefined): boolean;
  post(word: Word): void;
  /** The client's socket is over. */
  end(socket: SharedSocket, code: number): void;
  /** What the own client says of the person in front of it. */
  present(state: Present): void;
  /** The client waits for a person. */
  refused(): void;
}

export class Leading {
  readonly #ports: LeadingPorts;
  #socket: SharedSocket | null = null;
  #real: WebSocketLike | null = null;
  #relay = new Relay();
  #term = 0;
  /** Numbers the sockets; a follower's place is on one of them. */
  #link = 0;
  #epoch: string | null = null;
  /** What the server was told of this person's presence. */
  #told: Present = 'online';

  constructor(ports: LeadingPorts) {
    this.#ports = ports;
  }

  begin(term: number): void {
    this.#term = term;
    this.beat();
  }

  connect(socket: SharedSocket): void {
    if (this.#real) return;
    const real = new this.#ports.WebSocket(socket.url);
    const isHere = (): boolean => real === this.#real;
    this.#socket = socket;
    this.#real = real;
    this.#relay = new Relay();
    this.#told = 'online';
    real.onopen = () => isHere() && socket.open();
    real.onmessage = ({ data }: { data: unknown }) => isHere() && this.#hear(String(data), socket);
    real.onclose = ({ code = LOST }: { code?: number }) => {
      if (isHere()) this.hangUp(code);
    };
    real.onerror = () => {};
  }

  /** The socket is over, or given up: for all. */
  hangUp(code = LOST): void {
    const real = this.#real;
    const socket = this.#socket;
    if (!real || !socket) return;
    const largest = this.#relay.largest();
    this.#real = this.#socket = null;
    this.#link++;
    real.onopen = real.onmessage = real.onclose = null;
    real.close();
    this.#ports.post({ type: 'down', from: this.#ports.id, term: this.#term, code, largest: largest ?? null });
    this.#ports.end(socket, codeFor(code, largest === null, true));
  }

  beat(): void {
    if (!this.#ports.leads()) return;
    const link = this.#real && this.#relay.proven ? this.#link : null;
    this.#ports.post({ type: 'beat', from: this.#ports.id, term: this.#term, link, epoch: this.#epoch });
  }

  /** A frame of the own client (null), or of a follower on this link. */
  say(tab: TabId | null, text: string, link = this.#link): void {
    if (!this.#real || link !== this.#link) return;
    const said = this.#relay.say(tab, text);
    if ('wire' in said) return this.#real.send(said.wire);
    this.#ports.present(said.presence);
    this.#socket?.hear(said.answer);
  }

  /** A person is online where one tab is. */
  speakForAll(): void {
    const state = this.#ports.votes.together;
    if (!this.#real || !this.#relay.proven || state === this.#told) return;
    this.#told = state;
    this.#real.send(JSON.stringify({ type: 'set_presence', id: 'presence', state }));
  }

  welcome(from: TabId, link: number): void {
    const { hello, presence, proven } = this.#relay;
    if (!this.#real || !proven || !hello || link !== this.#link) return;
    this.#ports.post({ type: 'welcome', from: this.#ports.id, to: from, link, hello, presence });
  }

  /** The own poll was answered with this; or (null) not, with a status or without. */
  polled(text: string | null, status: number | null): void {
    if (text !== null) {
      const { frames, epoch } = JSON.parse(text) as { frames: ServerFrame[]; epoch: string };
      if (!this.#ports.isOurs(frames.find(({ type }) => type === 'hello'))) return;
      this.#setEpoch(epoch);
    }
    this.#ports.post({ type: 'polled', from: this.#ports.id, term: this.#term, text });
    if (status !== null && FINAL_STATUS.has(status)) this.#ports.refused();
  }

  // ── private ───────────────────────────────────────────────────────────────────────────────

  #hear(text: string, socket: SharedSocket): void {
    const { id, post } = this.#ports;
    const relay = this.#relay;
    const { proven } = relay;
    const { own, all, answers } = relay.hear(text);
    if (!this.#ports.isOurs(relay.hello ?? undefined)) return;
    if (relay.hello) this.#setEpoch(relay.hello.epoch);
    if (all !== null) post({ type: 'frames', from: id, term: this.#term, link: this.#link, text: all });
    for (const [to, answer] of answers) this.#answer(to, answer);
    if (own !== null) socket.hear(own);
    if (relay.proven && !proven) this.beat();
  }

  #answer(to: TabId, text: string): void {
    this.#ports.post({ type: 'answer', from: this.#ports.id, to, link: this.#link, text });
  }

  #setEpoch(epoch: string): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.beat();
  }
}

/**
 * The leader's part: the real socket, which it shares with the other tabs.
 *
 * A tab that is alone leads too; its posts reach no tab. The relay decides where a frame goes, the
 * election who leads.
 */
import type { ServerFrame } from '../protocol.ts';
import type { Present, WebSocketConstructor, WebSocketLike } from '../types.ts';
import { codeFor, FINAL_STATUS, LOST } from './closes.ts';
import { Relay } from './relay.ts';
import type { SharedSocket } from './sharedSocket.ts';
import type { TabId, TabMessage } from './messages.ts';
import type { TabPresence } from './tabPresence.ts';

export interface LeaderPorts {
  readonly id: TabId;
  readonly WebSocket: WebSocketConstructor;
  readonly presence: TabPresence;
  leads(): boolean;
  /** False where these frames are another person's: they are not passed on. */
  isOurs(frame: ServerFrame | undefined): boolean;
  post(message: TabMessage): void;
  /** The client's socket ended. */
  end(socket: SharedSocket, code: number): void;
  /** The own client reports whether its person is present. */
  present(state: Present): void;
  /** The server refuses the session: the client waits for a person. */
  refused(): void;
}

export class Leader {
  readonly #ports: LeaderPorts;
  #socket: SharedSocket | null = null;
  #real: WebSocketLike | null = null;
  #relay = new Relay();
  #term = 0;
  /** Numbers the sockets; a follower joins one of them. */
  #link = 0;
  #epoch: string | null = null;
  /** The presence last sent to the server. */
  #sentPresence: Present = 'online';

  constructor(ports: LeaderPorts) {
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
    this.#sentPresence = 'online';
    real.onopen = () => isHere() && socket.open();
    real.onmessage = ({ data }: { data: unknown }) => isHere() && this.#receive(String(data), socket);
    real.onclose = ({ code = LOST }: { code?: number }) => {
      if (isHere()) this.disconnect(code);
    };
    real.onerror = () => {};
  }

  /** Closes the socket for all tabs. */
  disconnect(code = LOST): void {
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

  /** Sends a frame of the own client (null), or of a follower on this link. */
  send(tab: TabId | null, text: string, link = this.#link): void {
    if (!this.#real || link !== this.#link) return;
    const frame = this.#relay.outgoing(tab, text);
    if ('wire' in frame) return this.#real.send(frame.wire);
    this.#ports.present(frame.presence);
    this.#socket?.receive(frame.answer);
  }

  /** Sends the combined presence of all tabs, where it changed. */
  sendPresence(): void {
    const state = this.#ports.presence.combined;
    if (!this.#real || !this.#relay.proven || state === this.#sentPresence) return;
    this.#sentPresence = state;
    this.#real.send(JSON.stringify({ type: 'set_presence', id: 'presence', state }));
  }

  welcome(from: TabId, link: number): void {
    const { hello, presence, proven } = this.#relay;
    if (!this.#real || !proven || !hello || link !== this.#link) return;
    this.#ports.post({ type: 'welcome', from: this.#ports.id, to: from, link, hello, presence });
  }

  /** The own poll ended: with this text, or (null) without a good answer. */
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

  #receive(text: string, socket: SharedSocket): void {
    const { id, post } = this.#ports;
    const relay = this.#relay;
    const { proven } = relay;
    const { own, all, answers } = relay.incoming(text);
    if (!this.#ports.isOurs(relay.hello ?? undefined)) return;
    if (relay.hello) this.#setEpoch(relay.hello.epoch);
    if (all !== null) post({ type: 'frames', from: id, term: this.#term, link: this.#link, text: all });
    for (const [to, answer] of answers) this.#answer(to, answer);
    if (own !== null) socket.receive(own);
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

/**
 * A follower's part: it joins the leader's link as any client resumes: first it subscribes, then it reads what
 * was missed (one sync that does not wait), and the client merges both by number.
 */
import type { ServerFrame } from '../protocol.ts';
import type { FetchLike, Present } from '../types.ts';
import { LOST } from './closes.ts';
import type { SharedSocket } from './sharedSocket.ts';
import type { Beat, TabId, TabMessage, Welcome } from './messages.ts';

export interface FollowerPorts {
  readonly id: TabId;
  /** As sent to the server. */
  readonly client: { readonly name: string; readonly version: string };
  readonly fetch: FetchLike;
  isOurs(frame: ServerFrame | undefined): boolean;
  post(message: TabMessage): void;
  end(socket: SharedSocket, code: number): void;
  /** The client reports whether its person is present. */
  present(state: Present): void;
  /** The client receives over its socket, and polls no longer. */
  joined(): void;
}

/** A join of the leader's link. */
interface JoinedLink {
  readonly socket: SharedSocket;
  readonly leader: TabId;
  readonly link: number;
  welcome: (message: Welcome) => void;
  /** Frames received while catching up; null once that is done. */
  early: string[] | null;
}

/** What the follower reads of a client's frame. */
interface ClientFrame {
  readonly type: string;
  readonly id?: string;
  readonly resume?: unknown;
  readonly state?: Present;
}

export class Follower {
  readonly #ports: FollowerPorts;
  leader: Beat | null = null;
  #joined: JoinedLink | null = null;

  constructor(ports: FollowerPorts) {
    this.#ports = ports;
  }

  /** There is a link to joined. */
  get isOpen(): boolean {
    return this.leader !== null && this.leader.link !== null;
  }

  isLeader({ from, term }: { readonly from: TabId; readonly term: number }): boolean {
    return from === this.leader?.from && term === this.leader.term;
  }

  /** Returns true where it is another leader than before. */
  receiveBeat(beat: Beat): boolean {
    const before = this.leader;
    this.leader = beat;
    if (this.#joined && (this.#joined.leader !== beat.from || this.#joined.link !== beat.link)) this.leave(LOST);
    return before !== null && before.from !== beat.from;
  }

  /** The leader's link ended. */
  down(code: number): void {
    if (this.leader) this.leader = { ...this.leader, link: null };
    this.leave(code);
  }

  /** Leaves the link, where it has joined one. */
  leave(code: number): void {
    const joined = this.#joined;
    this.#joined = null;
    if (joined) this.#ports.end(joined.socket, code);
  }

  send(socket: SharedSocket, text: string): void {
    const { type, id, resume, state } = JSON.parse(text) as ClientFrame;
    if (type === 'hello') return void this.#join(socket, resume);
    if (type === 'set_presence' && state) {
      this.#ports.present(state);
      return socket.receive(JSON.stringify({ type: 'ack', id, result: {} }));
    }
    // The leader answers the heartbeat for all.
    if (type === 'pong' || !this.#joined) return;
    const { leader, link } = this.#joined;
    this.#ports.post({ type: 'send', from: this.#ports.id, to: leader, link, text });
  }

  welcomed(message: Welcome): void {
    if (this.#isJoined(message)) this.#joined?.welcome(message);
  }

  receive(message: { readonly from: TabId; readonly link: number; readonly text: string }): void {
    if (!this.#joined || !this.#isJoined(message)) return;
    if (this.#joined.early) this.#joined.early.push(message.text);
    else this.#joined.socket.receive(message.text);
  }

  // ── private ───────────────────────────────────────────────────────────────────────────────

  #isJoined({ from, link }: { readonly from: TabId; readonly link: number }): boolean {
    return from === this.#joined?.leader && link === this.#joined.link;
  }

  async #join(socket: SharedSocket, resume: unknown): Promise<void> {
    const { id, post, end, isOurs } = this.#ports;
    const { leader } = this;
    if (!leader || leader.link === null) return end(socket, LOST);
    const joined: JoinedLink = { socket, leader: leader.from, link: leader.link, welcome: () => {}, early: [] };
    this.#joined = joined;
    const welcomed = new Promise<Welcome>((resolve) => {
      joined.welcome = resolve;
    });
    post({ type: 'join', from: id, to: joined.leader, link: joined.link });
    let code = LOST;
    try {
      const [{ hello, presence }, response] = await Promise.all([welcomed, this.#missed(socket.url, resume)]);
      if (response.status === 401) code = 4401;
      const { frames, epoch } = (await response.json()) as { frames: ServerFrame[]; epoch: string };
      if (this.#joined !== joined) return;
      if (response.ok && epoch === hello.epoch && isOurs(frames.find(({ type }) => type === 'hello'))) {
        const missed = frames.filter(({ type }) => type !== 'hello' && type !== 'caught_up');
        socket.receive(JSON.stringify([hello, ...missed, ...presence, { type: 'caught_up' }]));
        const { early } = joined;
        joined.early = null;
        for (const text of early ?? []) socket.receive(text);
        return this.#ports.joined();
      }
    } catch {
      // No answer, or none that can be read: the client tries again by its own rules.
    }
    if (this.#joined === joined) this.leave(code);
  }

  #missed(socketUrl: string, resume: unknown): Promise<Response> {
    const { client, fetch } = this.#ports;
    // Without the instance: two syncs of one instance replace each other, and the client's own may be in progress.
    const { name, version } = client;
    return fetch(`${socketUrl.replace(/^ws/, 'http').replace(/\/ws$/, '')}/api/sync`, {
      method: 'POST',
      credentials: 'same-origin',
      cache: 'no-store',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ wait: 0, client: { name, version }, ...(resume !== undefined && { resume }) }),
    });
  }
}

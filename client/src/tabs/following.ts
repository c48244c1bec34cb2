/**
 * A follower's part: a place on the leader's link, taken as any client resumes: listen first, read what
 * was missed for second (one sync that does not wait), and let the client merge by number.
 */
import type { ServerFrame } from '../protocol.ts';
import type { FetchLike, Present } from '../types.ts';
import { LOST } from './closes.ts';
import type { SharedSocket } from './sharedSocket.ts';
import type { Beat, TabId, Welcome, Word } from './words.ts';

export interface FollowingPorts {
  readonly id: TabId;
  /** As it is told to the server. */
  readonly client: { readonly name: string; readonly version: string };
  readonly fetch: FetchLike;
  isOurs(frame: ServerFrame | undefined): boolean;
  post(word: Word): void;
  end(socket: SharedSocket, code: number): void;
  /** What the client says of the person in front of it. */
  present(state: Present): void;
  /** The client hears by its socket: it polls no more. */
  joined(): void;
}

interface Seat {
  readonly socket: SharedSocket;
  readonly leader: TabId;
  readonly link: number;
  welcome: (word: Welcome) => void;
  /** What is heard while catching up; null once it is done. */
  early: string[] | null;
}

/** What is looked at in a client's frame. */
interface Said {
  readonly type: string;
  readonly id?: string;
  readonly resume?: unknown;
  readonly state?: Present;
}

export class Following {
  readonly #ports: FollowingPorts;
  leader: Beat | null = null;
  #seat: Seat | null = null;

  constructor(ports: FollowingPorts) {
    this.#ports = ports;
  }

  /** There is a link to join. */
  get isOpen(): boolean {
    return this.leader !== null && this.leader.link !== null;
  }

  isLeader(word: { readonly from: TabId; readonly term: number }): boolean {
    return word.from === this.leader?.from && word.term === this.leader.term;
  }

  /** Returns true where it is another leader than before. */
  hearBeat(beat: Beat): boolean {
    const before = this.leader;
    this.leader = beat;
    if (this.#seat && (this.#seat.leader !== beat.from || this.#seat.link !== beat.link)) this.leave(LOST);
    return before !== null && before.from !== beat.from;
  }

  /** The leader's link is over. */
  down(code: number): void {
    if (this.leader) this.leader = { ...this.leader, link: null };
    this.leave(code);
  }

  /** Gives up the place, if there is one. */
  leave(code: number): void {
    const seat = this.#seat;
    this.#seat = null;
    if (seat) this.#ports.end(seat.socket, code);
  }

  say(socket: SharedSocket, text: string): void {
    const { type, id, resume, state } = JSON.parse(text) as Said;
    if (type === 'hello') return void this.#join(socket, resume);
    if (type === 'set_presence' && state) {
      this.#ports.present(state);
      return socket.hear(JSON.stringify({ type: 'ack', id, result: {} }));
    }
    // The leader answers the heartbeat for all.
    if (type === 'pong' || !this.#seat) return;
    const { leader, link } = this.#seat;
    this.#ports.post({ type: 'say', from: this.#ports.id, to: leader, link, text });
  }

  welcomed(word: Welcome): void {
    if (this.#isHere(word)) this.#seat?.welcome(word);
  }

  hear(word: { readonly from: TabId; readonly link: number; readonly text: string }): void {
    if (!this.#seat || !this.#isHere(word)) return;
    if (this.#seat.early) this.#seat.early.push(word.text);
    else this.#seat.socket.hear(word.text);
  }

  // ── private ───────────────────────────────────────────────────────────────────────────────

  #isHere({ from, link }: { readonly from: TabId; readonly link: number }): boolean {
    return from === this.#seat?.leader && link === this.#seat.link;
  }

  async #join(socket: SharedSocket, resume: unknown): Promise<void> {
    const { id, post, end, isOurs } = this.#ports;
    const { leader } = this;
    if (!leader || leader.link === null) return end(socket, LOST);
    const seat: Seat = { socket, leader: leader.from, link: leader.link, welcome: () => {}, early: [] };
    this.#seat = seat;
    const welcomed = new Promise<Welcome>((resolve) => {
      seat.welcome = resolve;
    });
    post({ type: 'join', from: id, to: seat.leader, link: seat.link });
    let code = LOST;
    try {
      const [{ hello, presence }, response] = await Promise.all([welcomed, this.#missed(socket.url, resume)]);
      if (response.status === 401) code = 4401;
      const { frames, epoch } = (await response.json()) as { frames: ServerFrame[]; epoch: string };
      if (this.#seat !== seat) return;
      if (response.ok && epoch === hello.epoch && isOurs(frames.find(({ type }) => type === 'hello'))) {
        const missed = frames.filter(({ type }) => type !== 'hello' && type !== 'caught_up');
        socket.hear(JSON.stringify([hello, ...missed, ...presence, { type: 'caught_up' }]));
        const { early } = seat;
        seat.early = null;
        for (const text of early ?? []) socket.hear(text);
        return this.#ports.joined();
      }
    } catch {
      // No answer, or none that can be read: the client tries again by its own rules.
    }
    if (this.#seat === seat) this.leave(code);
  }

  #missed(socketUrl: string, resume: unknown): Promise<Response> {
    const { client, fetch } = this.#ports;
    // Without the instance: two syncs of one would replace each other, and the client's own may be under way.
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

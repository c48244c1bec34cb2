/**
 * What passes between one device and the servers, as records of a history (lab/checker/checks.py lists their shapes).
 *
 * It stands where the network begins: a `fetch` and a `WebSocket` that note what they carry and change nothing. So what is
 * judged is what the server said, whether or not the client made use of it.
 */
import type { FetchLike, WebSocketConstructor } from '@backchannel/client';

export type Note = (op: string, fields: object) => void;

interface Frame {
  readonly type: string;
  readonly [member: string]: unknown;
}

interface MessageFields {
  readonly id: string;
  readonly seq: number;
  readonly room_id: number;
  readonly rev_seq: number;
  readonly content: string;
}

/** What a command answered, as far as the history is interested in it. */
interface Result {
  readonly message?: MessageFields;
  readonly duplicate?: boolean;
  readonly events?: readonly Frame[];
  readonly messages?: readonly MessageFields[];
}

const NUMBERED = new Set([
  'hello',
  'caught_up',
  'room_list',
  'room_reset',
  'room_added',
  'room_removed',
  'read_state',
  'notification',
]);

export class Recorder {
  readonly #name: string;
  readonly #note: Note;
  #links = 0;

  constructor(name: string, note: Note) {
    this.#name = name;
    this.#note = note;
  }

  readonly fetch: FetchLike = async (url, init) => {
    const { pathname } = new URL(url);
    const isPoll = pathname === '/api/sync';
    const link = isPoll ? this.#link() : null;
    if (isPoll) {
      const { resume = null } = JSON.parse(init?.body as string) as { resume?: object };
      this.#note('link', { link, transport: 'poll', resume });
    }
    const response = await globalThis.fetch(url, init);
    const text = await response.text();
    if (response.ok) this.#answered(pathname, JSON.parse(text || '{}') as Result & { frames?: Frame[] }, link);
    const { status, headers } = response;
    return new Response(text, { status, headers });
  };

  /** Notes each socket under a link of its own, from its `hello` on. */
  get WebSocket(): WebSocketConstructor {
    const opened = (): SocketNotes => new SocketNotes(this, this.#link(), this.#note);
    return class extends globalThis.WebSocket {
      readonly #notes = opened();

      constructor(url: string, protocols: string[] = [], options: { headers?: Record<string, string> } = {}) {
        // Node's takes headers, which the standard does not know.
        super(url, { protocols, ...options } as unknown as string[]);
        this.addEventListener('message', ({ data }: MessageEvent<string>) => this.#notes.receive(data));
      }

      override send(data: string): void {
        this.#notes.send(data);
        super.send(data);
      }
    };
  }

  received(frame: Frame, link: string | null): void {
    const { type } = frame;
    // The answer to a command: it is read at a moment of its own, and has no place among what the link says by itself.
    if (type === 'room_list' && frame['id'] !== undefined) return;
    if (typeof frame['seq'] !== 'number' && !NUMBERED.has(type)) return;
    this.#note('received', { link, type, ...members(frame) });
  }

  /** @param room of a page of history; a page does not name its room. */
  result({ message, duplicate, events, messages }: Result, room: number | null, by: 'http' | 'websocket'): void {
    if (message && duplicate !== undefined) {
      this.#note('ack', { room: message.room_id, id: message.id, seq: message.seq, duplicate, by });
    }
    for (const event of events ?? []) this.received(event, null);
    if (messages && room !== null) {
      const newest = Math.max(0, ...messages.map(({ rev_seq }) => rev_seq));
      this.#note('read', { room, newest, messages: messages.map(({ seq, id }) => [seq, id]) });
    }
  }

  #answered(pathname: string, answer: Result & { readonly frames?: readonly Frame[] }, link: string | null): void {
    for (const frame of answer.frames ?? []) this.received(frame, link);
    const room = /^\/api\/rooms\/(\d+)\/messages$/.exec(pathname);
    this.result(answer, room ? Number(room[1]) : null, 'http');
  }

  #link(): string {
    return `${this.#name}/${++this.#links}`;
  }
}

class SocketNotes {
  readonly #recorder: Recorder;
  readonly #link: string;
  readonly #note: Note;
  /** Pages asked for, by command: the room of each. */
  readonly #pages = new Map<unknown, number>();

  constructor(recorder: Recorder, link: string, note: Note) {
    this.#recorder = recorder;
    this.#link = link;
    this.#note = note;
  }

  send(text: string): void {
    const frame = JSON.parse(text) as Frame;
    if (frame.type === 'hello') {
      this.#note('link', { link: this.#link, transport: 'websocket', resume: frame['resume'] ?? null });
    }
    if (frame.type === 'get_history') this.#pages.set(frame['id'], frame['room_id'] as number);
  }

  receive(text: string): void {
    const parsed = JSON.parse(text) as Frame | Frame[];
    for (const frame of Array.isArray(parsed) ? parsed : [parsed]) {
      if (frame.type === 'ack') {
        const room = this.#pages.get(frame['id']) ?? null;
        this.#recorder.result(frame['result'] as Result, room, 'websocket');
      } else this.#recorder.received(frame, this.#link);
    }
  }
}

/** The members of a numbered frame that the checker knows. */
function members(frame: Frame): object {
  const { room_id, seq, user_version, epoch } = frame;
  const message = frame['message'] as MessageFields | undefined;
  const room = frame['room'] as { id: number; seq: number } | undefined;
  const rooms = frame['rooms'] as readonly { id: number; seq: number }[] | undefined;
  const id = message?.id ?? frame['message_id'];
  return {
    ...(room_id === undefined ? {} : { room: room_id }),
    ...(seq === undefined ? {} : { seq }),
    ...(frame.type === 'room_added' && room ? { room: room.id, seq: room.seq } : {}),
    ...(seq !== undefined && id ? { id } : {}),
    ...(message ? { content: message.content, rev: message.rev_seq } : {}),
    ...(rooms ? { rooms: Object.fromEntries(rooms.map((each) => [each.id, each.seq])) } : {}),
    ...(user_version === undefined ? {} : { version: user_version }),
    ...(epoch === undefined ? {} : { epoch }),
  };
}

/**
 * Devices that talk without pause, each on the real client, until told to be quiet; then they tell what they hold.
 *
 * Started by test_talkers.py with the scene as JSON in the first argument. Lines in: `wake` (as a browser's "online"),
 * `quiet`, `report`. Lines out: one JSON object each, `kind` says what. Every look at a timeline is judged at once:
 * a message that shows twice, or out of order, for a moment only, is a fault too.
 */
import { createInterface } from 'node:readline';
import type { Chat, RoomId } from '@backchannel/client';
import { createFullChat } from '@backchannel/client/full';
import { ToldEvents } from '../../lab/chaos/devices/hostEvents.ts';
import { createRandom } from '../../lab/chaos/devices/random.ts';

interface Scene {
  readonly seed: number;
  readonly rooms: readonly RoomId[];
  readonly devices: readonly { readonly name: string; readonly baseUrl: string; readonly token: string }[];
}

const scene = JSON.parse(process.argv[2] ?? '') as Scene;
/** Below the limit of 10 sends a second for one person with two devices. */
const PAUSE_MS = { least: 120, most: 420 };

const tell = (kind: string, fields: object): void =>
  void process.stdout.write(`${JSON.stringify({ kind, ...fields })}\n`);

class Talker {
  readonly #name: string;
  readonly #chat: Chat;
  readonly #random: () => number;
  readonly #host = new ToldEvents();
  /** In the order written, by room. */
  readonly #written = new Map<RoomId, string[]>();
  readonly #acked: { roomId: RoomId; id: string; content: string; method: string }[] = [];
  readonly #faults: string[] = [];
  #transport: string | null = null;
  /** The newest of others that was told of, by room. */
  readonly #newest = new Map<RoomId, number>();
  #switches = 0;
  #quiet = false;

  constructor(device: Scene['devices'][number], random: () => number) {
    this.#name = device.name;
    this.#random = random;
    this.#chat = createFullChat({
      baseUrl: device.baseUrl,
      auth: { kind: 'bearer', token: device.token },
      client: { name: 'talker', version: '1' },
      random,
      events: this.#host,
    });
    this.#chat.subscribe(() => this.#look());
    for (const roomId of scene.rooms) this.#chat.subscribeTimeline(roomId, () => this.#judge(roomId));
  }

  async start(): Promise<void> {
    tell('started', { name: this.#name });
    this.#chat.connect();
    for (const roomId of scene.rooms) await this.#chat.openRoom(roomId);
    void this.#talk();
  }

  wake(): void {
    this.#host.tell('online');
  }

  hush(): void {
    this.#quiet = true;
  }

  report(): object {
    const { connection, unreadCounts, outbox } = this.#chat.getSnapshot();
    return {
      name: this.#name,
      status: connection.status,
      transport: connection.transport,
      switches: this.#switches,
      outbox,
      acked: this.#acked,
      faults: this.#faults,
      rooms: scene.rooms.map((roomId) => {
        const { messages, pending, hasOlder, hasNewer } = this.#chat.getTimeline(roomId);
        return {
          roomId,
          shown: messages.map(({ id, seq, content }) => ({ id, seq, content })),
          pending: pending.length,
          hasOlder,
          hasNewer,
          unread: unreadCounts[roomId] ?? 0,
          written: this.#written.get(roomId) ?? [],
        };
      }),
    };
  }

  async #talk(): Promise<void> {
    for (let n = 1; !this.#quiet; n++) {
      const roomId = scene.rooms[Math.floor(this.#random() * scene.rooms.length)] as RoomId;
      this.#send(roomId, `${this.#name} ${n}`);
      if (this.#random() < 0.2) this.#read(roomId);
      const pause_ms = PAUSE_MS.least + this.#random() * (PAUSE_MS.most - PAUSE_MS.least);
      await new Promise((resolve) => setTimeout(resolve, pause_ms));
    }
  }

  #send(roomId: RoomId, content: string): void {
    this.#written.set(roomId, [...(this.#written.get(roomId) ?? []), content]);
    this.#chat.sendChatMessage(roomId, content).then(
      ({ method, message }) => {
        this.#acked.push({ roomId, id: message.id, content: message.content, method });
        tell('acked', { name: this.#name, method });
      },
      (error: unknown) => this.#faults.push(`${content} was refused: ${String(error)}`),
    );
  }

  #read(roomId: RoomId): void {
    const head = this.#chat.getTimeline(roomId).messages.at(-1);
    if (head) this.#chat.markRead(roomId, head.seq);
  }

  #look(): void {
    const { status, transport } = this.#chat.getSnapshot().connection;
    if (transport === null || transport === this.#transport) return;
    if (this.#transport !== null) this.#switches++;
    this.#transport = transport;
    tell('transport', { name: this.#name, status, transport });
  }

  #judge(roomId: RoomId): void {
    const { messages, pending } = this.#chat.getTimeline(roomId);
    const contents = new Set([...messages, ...pending].map(({ content }) => content));
    if (contents.size !== messages.length + pending.length) this.#faults.push(`room ${roomId} shows something twice`);
    if (messages.some(({ seq }, at) => seq <= (messages[at - 1]?.seq ?? 0))) {
      this.#faults.push(`room ${roomId} shows something out of order`);
    }
    const newest = messages.at(-1);
    const told = this.#newest.get(roomId) ?? 0;
    if (newest && newest.seq > told && !newest.content.startsWith(`${this.#name} `)) {
      this.#newest.set(roomId, newest.seq);
      tell('heard', { name: this.#name, content: newest.content });
    }
  }
}

const talkers = scene.devices.map((device, at) => new Talker(device, createRandom(scene.seed * 31 + at)));
await Promise.all(talkers.map((talker) => talker.start()));
tell('ready', {});

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'wake') for (const talker of talkers) talker.wake();
  else if (line === 'quiet') for (const talker of talkers) talker.hush();
  else if (line === 'report') tell('report', { devices: talkers.map((talker) => talker.report()) });
}
process.exit(0);

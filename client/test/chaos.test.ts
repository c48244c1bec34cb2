/**
 * The promise, under whatever the network does: what is acked is stored once, and every room shows
 * each message once, in order, as the server has it. Random histories of people and faults; then the
 * network heals, and what the client holds is compared with what a first connection would get.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message, Room } from '../src/protocol.ts';
import { Refusal } from '../src/testing/index.ts';
import type { HttpFault, SocketFault } from '../src/testing/memoryNetwork.ts';
import type { SendResult } from '../src/types.ts';
import { ANN, BOB, liveWorld, type World } from './world.ts';

type Act =
  | {
      do:
        | 'send'
        | 'post'
        | 'edit'
        | 'erase'
        | 'react'
        | 'read'
        | 'bobs read'
        | 'older'
        | 'lose event'
        | 'wake'
        | 'rate limit';
      room: 1 | 2;
    }
  | { do: 'sockets'; fault: SocketFault }
  | { do: 'http'; fault: HttpFault }
  | { do: 'close'; code: number }
  | { do: 'leave' }
  | { do: 'slow'; lag_ms: number };

const room = fc.constantFrom(1 as const, 2 as const);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('send' as const, 'post' as const), room }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('edit', 'erase', 'react', 'read', 'bobs read', 'older', 'lose event', 'wake', 'rate limit'),
      room,
    }) as fc.Arbitrary<Act>,
  },
  fc.record({
    do: fc.constant('sockets' as const),
    fault: fc.constantFrom<SocketFault>('none', 'none', 'refused', 'silent', 'deaf', 'mute'),
  }),
  fc.record({
    do: fc.constant('http' as const),
    fault: fc.constantFrom<HttpFault>('none', 'none', 'down', 'lost', 503),
  }),
  fc.record({ do: fc.constant('close' as const), code: fc.constantFrom(1006, 1011, 1012, 4400, 4401, 4408) }),
  fc.record({ do: fc.constant('leave' as const) }),
  fc.record({ do: fc.constant('slow' as const), lag_ms: fc.constantFrom(0, 0, 30, 400, 2_500) }),
);
const history = fc.array(fc.tuple(act, fc.constantFrom(0, 5, 50, 300, 2_000, 12_000)), { minLength: 5, maxLength: 40 });

/** About half a minute's worth on a slow machine; raise it to look for the rare. */
const RUNS = 150;

class Run {
  readonly acked: SendResult[] = [];
  readonly failed: unknown[] = [];
  #sent = 0;
  readonly #w: World;

  constructor(w: World) {
    this.#w = w;
  }

  do(act: Act): void {
    const { chat, server, network } = this.#w;
    switch (act.do) {
      case 'send':
        chat.sendChatMessage(act.room, `ann ${++this.#sent}`).then(
          (result) => this.acked.push(result),
          (error: unknown) => this.failed.push(error),
        );
        return;
      case 'post': {
        const quoted = this.#pick(act.room);
        return void server.post(act.room, BOB, `bob ${++this.#sent}${this.#sent % 3 ? '' : ' @ann'}`, quoted?.id);
      }
      case 'edit':
        return this.#change(act.room, 'edit_message', { content: `edited ${++this.#sent}` });
      case 'erase':
        return this.#change(act.room, 'delete_message', {});
      case 'react': {
        const target = this.#pick(act.room);
        if (!target) return;
        const type = this.#sent % 2 ? 'add_reaction' : 'remove_reaction';
        return void server.run(BOB, type, { message_id: target.id, emoji: '👍' });
      }
      case 'read':
        return chat.markRead(act.room, chat.getTimeline(act.room).messages.at(-1)?.seq ?? 0);
      case 'bobs read':
        return void server.run(BOB, 'mark_read', { room_id: act.room, seq: 3 });
      case 'older':
        return void chat.loadOlder(act.room);
      case 'lose event':
        server.deafNext = 1;
        return;
      case 'wake':
        return this.#w.host('wake');
      case 'rate limit':
        network.refuseNext = new Refusal('rate_limited', 1);
        return;
      case 'sockets':
        network.sockets = act.fault;
        return;
      case 'http':
        network.http = act.fault;
        return;
      case 'close':
        return network.closeAll(act.code);
      case 'leave':
        return network.say({ type: 'going_away', retry_after_ms: 700 });
      case 'slow':
        network.lag_ms = act.lag_ms;
    }
  }

  #pick(roomId: number): Message | undefined {
    const all = [...(this.#w.server.rooms.get(roomId)?.messages.values() ?? [])].filter((m) => !m.deleted);
    return all[(this.#sent * 7) % Math.max(1, all.length)];
  }

  #change(roomId: number, type: string, fields: object): void {
    const target = this.#pick(roomId);
    if (target?.sender.id === BOB) this.#w.server.run(BOB, type, { message_id: target.id, ...fields });
  }
}

const byId = (rooms: readonly Room[]): Room[] => rooms.toSorted((a, b) => a.id - b.id);

describe('with random network faults', () => {
  it('shows each message once, in order, and loses no acked message', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (acts) => {
        const w = await liveWorld({}, (server) => server.createRoom([ANN, BOB], 'group', 'second'));
        void w.chat.openRoom(2);
        await w.clock.advance(100);
        const run = new Run(w);
        for (const [next, delay_ms] of acts) {
          run.do(next);
          await w.clock.advance(delay_ms);
        }
        Object.assign(w.network, { sockets: 'none', http: 'none', lag_ms: 0, refuseNext: null });
        w.server.deafNext = 0;
        w.chat.retryNow();
        await w.clock.advance(130_000);

        const { connection, rooms, outbox } = w.chat.getSnapshot();
        expect(connection).toMatchObject({ status: 'connected', transport: 'websocket' });
        expect(run.failed).toEqual([]);
        expect(outbox).toEqual({ waiting: 0, failed: 0, durable: true });
        for (const roomId of [1, 2]) {
          const stored = [...(w.server.rooms.get(roomId)?.messages.values() ?? [])];
          expect(w.chat.getTimeline(roomId).messages).toEqual(
            stored.slice(-w.chat.getTimeline(roomId).messages.length),
          );
          expect(w.chat.getTimeline(roomId).messages.length).toBe(stored.length);
          const mine = stored.filter((m) => m.sender.id === ANN).map((m) => Number(m.content.slice(4)));
          expect(mine, 'in the order written').toEqual(mine.toSorted((a, b) => a - b));
        }
        for (const { message } of run.acked) {
          expect(w.server.rooms.get(message.room_id)?.messages.get(message.id)?.seq).toBe(message.seq);
        }
        expect(run.acked.length).toBe(acts.filter(([next]) => next.do === 'send').length);
        const expected = byId(w.server.list(ANN).rooms);
        expect(byId(rooms)).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  }, 120_000);
});

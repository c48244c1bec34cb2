import { describe, expect, it } from 'vitest';
import { createChat } from '../../src/core.ts';
import { KEPT, later } from '../../src/features/late.ts';
import { withReading } from '../../src/features/reading.ts';
import { concernsThreads } from '../../src/features/threadFrames.ts';
import { withThreads } from '../../src/features/threads.ts';
import { MemoryNetwork } from '../../src/testing/index.ts';
import { ANN, annAndBob, BOB, live, optionsOn } from '../world.ts';

/** Ann's chat, into which threads can be composed late; her message `root` is in the room. */
async function world() {
  const { clock, server, network } = annAndBob();
  const root = server.post(1, ANN, 'root');
  const threads = later(concernsThreads);
  const chat = createChat(optionsOn(network), threads.feature, withReading);
  await live(chat, clock);
  const bob = (type: string, fields: object) => server.run(BOB, type, { room_id: 1, ...fields });
  let number = 0;
  const reply = (content: string): { id: string; seq: number } => {
    const id = `00000000-0000-7000-8000-${String(++number).padStart(12, '0')}`;
    return (bob('send_message', { id, content, thread: root.id }) as { message: { id: string; seq: number } }).message;
  };
  const summary = () => chat.getTimeline(1).messages.find(({ id }) => id === root.id)?.thread_summary;
  const row = () => chat.getSnapshot().rooms.find(({ id }) => id === 1);
  const said = (type: string) => network.said.filter((each) => each.type === type).length;
  const deliver = () => clock.advance(3_000);
  return { chat, clock, server, threads, root, bob, reply, summary, row, said, deliver };
}

describe('a feature composed in late', () => {
  it('knows the replies and deletions that came before it', async () => {
    const w = await world();
    const first = w.reply('one');
    w.reply('two');
    w.reply('three');
    w.bob('delete_message', { message_id: first.id });
    await w.deliver();
    expect(w.summary()).toBeNull();
    w.threads.compose(withThreads);
    expect(w.summary()).toMatchObject({ count: 2, people: [BOB] });
    w.reply('four');
    await w.deliver();
    expect(w.summary()).toMatchObject({ count: 3 });
  });

  it('has rows that are right, after replies that nothing counted', async () => {
    const w = await world();
    w.reply('one');
    w.reply('two');
    await w.deliver();
    w.threads.compose(withThreads);
    await w.deliver();
    expect(w.row()).toMatchObject({ unread_count: 0, thread_unread_count: 2 });
    w.reply('three');
    await w.deliver();
    expect(w.row()?.thread_unread_count).toBe(3);
  });

  it('reports the change of every room, and reads nothing where nothing passed', async () => {
    const w = await world();
    const [lists, pages] = [w.said('get_room_list'), w.said('get_history')];
    let changes = 0;
    w.chat.subscribeTimeline(1, () => (changes += 1));
    w.threads.compose(withThreads);
    await w.deliver();
    expect(changes).toBeGreaterThan(0);
    expect([w.said('get_room_list'), w.said('get_history')]).toEqual([lists, pages]);
  });

  it('reads rooms again whose frames were too many to keep', async () => {
    const w = await world();
    const pages = w.said('get_history');
    for (let count = 0; count <= KEPT; count++) w.reply(`reply ${count}`);
    w.server.post(1, BOB, 'after');
    await w.deliver();
    const composed = w.threads.compose(withThreads);
    await w.deliver();
    expect(w.said('get_history')).toBe(pages + 1);
    void composed.openThread(1, w.root.id);
    await w.deliver();
    expect(composed.getThread(1, w.root.id).root?.thread_summary?.count).toBe(KEPT + 1);
  });

  it('is composed in once, and into a chat', async () => {
    const w = await world();
    w.threads.compose(withThreads);
    expect(() => w.threads.compose(withThreads)).toThrow('composed in already');
    expect(() => later(concernsThreads).compose(withThreads)).toThrow('into a chat first');
  });
});

/** Equal for equal seeds. */
function randomOf(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

describe('threads composed in late', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'are those composed in at the start (seed %i)',
    async (seed) => {
      const random = randomOf(seed);
      const { clock, server, network } = annAndBob();
      const roots = [server.post(1, ANN, 'first'), server.post(1, BOB, 'second'), server.post(1, ANN, 'third')];
      const early = createChat(optionsOn(network), withReading, withThreads);
      const threads = later(concernsThreads);
      const late = createChat(optionsOn(new MemoryNetwork(server, ANN)), threads.feature, withReading);
      await live(early, clock);
      await live(late, clock);
      const replies: { readonly id: string; readonly seq: number; readonly root: string }[] = [];
      const composeAt = random(30);
      for (let step = 0; step < 30; step++) {
        if (step === composeAt) threads.compose(withThreads);
        const id = `00000000-0000-7000-8000-${String(step + 1).padStart(12, '0')}`;
        const root = roots[random(3)]?.id as string;
        const earlier = replies[random(replies.length + 1)];
        const kind = earlier ? random(5) : 0;
        if (kind <= 2 || !earlier) {
          const by = random(3) === 0 ? ANN : BOB;
          const fields = { room_id: 1, id, content: `reply ${step}`, thread: root, in_room: random(4) === 0 };
          const { message } = server.run(by, 'send_message', fields) as { message: { id: string; seq: number } };
          if (by === BOB) replies.push({ id: message.id, seq: message.seq, root });
        } else if (kind === 3) {
          server.run(BOB, 'delete_message', { message_id: earlier.id });
          replies.splice(replies.indexOf(earlier), 1);
        } else server.run(ANN, 'mark_thread_read', { message_id: earlier.root, seq: earlier.seq });
        if (random(2) === 0) await clock.advance(random(400));
      }
      await clock.advance(5_000);
      const seen = (chat: Pick<typeof early, 'getTimeline' | 'getSnapshot'>) => ({
        summaries: chat.getTimeline(1).messages.map(({ id, thread_summary }) => [id, thread_summary]),
        room: chat.getSnapshot().rooms[0],
      });
      expect(seen(late as typeof early)).toEqual(seen(early));
      const stored = [...(server.rooms.get(1)?.messages.values() ?? [])];
      expect(seen(late as typeof early).summaries).toEqual(stored.map((each) => [each.id, each.thread_summary]));
    },
  );
});

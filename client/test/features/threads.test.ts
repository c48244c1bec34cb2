import { describe, expect, it } from 'vitest';
import { createChat } from '../../src/core.ts';
import { withReading } from '../../src/features/reading.ts';
import { threadSummaries } from '../../src/features/threadSummaries.ts';
import { withThreads } from '../../src/features/threads.ts';
import { created, deleted, message } from '../make.ts';
import { ANN, annAndBob, BOB, live, optionsOn } from '../world.ts';

/** The core with reading and threads, connected as Ann; the room holds `root` by Ann and `other` by Bob. */
async function world() {
  const { clock, server, network } = annAndBob();
  const [root, other] = [server.post(1, ANN, 'root'), server.post(1, BOB, 'other')];
  const chat = createChat(optionsOn(network), withReading, withThreads);
  await live(chat, clock);
  await chat.openRoom(1);
  /** By Bob, from his own device. */
  const bob = (type: string, fields: object) => server.run(BOB, type, { room_id: 1, ...fields });
  let number = 0;
  const reply = (thread: string, content: string, more: object = {}) => {
    const id = `00000000-0000-7000-8000-${String(++number).padStart(12, '0')}`;
    return (bob('send_message', { id, content, thread, ...more }) as { message: { id: string; seq: number } }).message;
  };
  const row = () => chat.getSnapshot().rooms.find(({ id }) => id === 1);
  const summary = (id = root.id) => chat.getTimeline(1).messages.find((m) => m.id === id)?.thread_summary;
  const view = (id = root.id) => chat.getThread(1, id);
  const texts = (id = root.id) => view(id).messages.map(({ content }) => content);
  const deliver = () => clock.advance(3_000);
  const open = async (id = root.id) => {
    const opened = chat.openThread(1, id);
    await deliver();
    await opened;
  };
  return { chat, clock, network, server, root, other, bob, reply, row, summary, view, texts, deliver, open };
}

describe('threads', () => {
  it('show their replies, and follow the events of others', async () => {
    const w = await world();
    const first = w.reply(w.root.id, 'one');
    await w.open();
    expect(w.texts()).toEqual(['one']);
    w.reply(w.root.id, 'two');
    w.reply(w.other.id, 'elsewhere');
    w.bob('edit_message', { message_id: first.id, content: 'changed' });
    await w.deliver();
    expect(w.texts()).toEqual(['changed', 'two']);
    expect(w.view()).toMatchObject({ following: true, hasOlder: false, error: null, isLoading: false });
  });

  it('have a summary on their first message, which replies and deletions change', async () => {
    const w = await world();
    expect(w.summary()).toBeNull();
    const first = w.reply(w.root.id, 'one');
    w.reply(w.root.id, 'two');
    await w.deliver();
    expect(w.summary()).toMatchObject({ count: 2, people: [BOB] });
    w.bob('delete_message', { message_id: first.id });
    await w.deliver();
    expect(w.summary()).toMatchObject({ count: 1 });
  });

  it('count what others reply where the person follows, and elsewhere nothing', async () => {
    const w = await world();
    w.reply(w.root.id, 'one');
    w.reply(w.other.id, 'mine alone');
    await w.deliver();
    expect(w.row()).toMatchObject({ unread_count: 1, thread_unread_count: 1 });
    w.reply(w.root.id, 'two');
    await w.deliver();
    expect(w.row()?.thread_unread_count).toBe(2);
    expect(w.network.said.filter(({ type }) => type === 'get_threads')).toHaveLength(1);
  });

  it('are read by a mark, which all devices get', async () => {
    const w = await world();
    const seen = w.reply(w.root.id, 'one');
    await w.open();
    w.chat.markThreadRead(w.root.id, seen.seq);
    w.chat.markThreadRead(w.root.id, seen.seq);
    await w.deliver();
    expect(w.row()?.thread_unread_count).toBe(0);
    expect(w.view().readSeq).toBe(seen.seq);
    expect(w.network.said.filter(({ type }) => type === 'mark_thread_read')).toHaveLength(1);
  });

  it('are all read by one command', async () => {
    const w = await world();
    w.reply(w.root.id, 'one');
    w.reply(w.root.id, 'two');
    await w.deliver();
    const done = w.chat.markAllRead(1);
    await w.deliver();
    await done;
    expect(w.row()).toMatchObject({ unread_count: 0, thread_unread_count: 0 });
  });

  it('take replies by the outbox, also while nothing works', async () => {
    const w = await world();
    await w.open();
    w.network.sockets = 'refused';
    w.network.http = 'down';
    w.network.closeAll(1006);
    await w.clock.advance(10_000);
    const sent = w.chat.sendReply(1, w.root.id, 'from the train', { inRoom: true });
    await w.deliver();
    expect(w.view().pending.map(({ content }) => content)).toEqual(['from the train']);
    w.network.sockets = 'none';
    w.network.http = 'none';
    await w.clock.advance(60_000);
    await sent;
    expect([w.texts(), w.view().pending]).toEqual([['from the train'], []]);
    expect(w.view().messages[0]).toMatchObject({ thread: w.root.id, in_room: true });
  });

  it('are right after replies that were lost and repaired', async () => {
    const w = await world();
    await w.open();
    w.server.deafNext = 2;
    const first = w.reply(w.root.id, 'one');
    w.bob('edit_message', { message_id: first.id, content: 'changed' });
    w.reply(w.root.id, 'two');
    await w.deliver();
    expect([w.texts(), w.summary()?.count]).toEqual([['changed', 'two'], 2]);
  });

  it('are followed and left by command', async () => {
    const w = await world();
    w.reply(w.other.id, 'one');
    await w.open(w.other.id);
    expect(w.view(w.other.id).following).toBe(false);
    const followed = w.chat.followThread(w.other.id, true);
    await w.deliver();
    await followed;
    expect(w.view(w.other.id).following).toBe(true);
    w.reply(w.other.id, 'two');
    await w.deliver();
    expect(w.row()?.thread_unread_count).toBe(1);
    const left = w.chat.followThread(w.other.id, false);
    await w.deliver();
    await left;
    expect([w.view(w.other.id).following, w.row()?.thread_unread_count]).toEqual([false, 0]);
  });

  it('are listed, the newest reply first, all or the unread ones', async () => {
    const w = await world();
    w.reply(w.root.id, 'one');
    const loaded = w.chat.loadThreads({ unread: true });
    await w.deliver();
    await loaded;
    expect(w.chat.getThreads().threads?.map(({ root, unread_count }) => [root.content, unread_count])).toEqual([
      ['root', 1],
    ]);
  });

  it('are released when closed', async () => {
    const w = await world();
    w.reply(w.root.id, 'one');
    await w.open();
    w.chat.closeThread(w.root.id);
    expect(w.view()).toMatchObject({ root: null, messages: [] });
  });
});

describe('a summary', () => {
  const root = message(5, { id: 'root' });
  const events = [
    created(6, { thread: 'root' }),
    created(7, { thread: 'root' }),
    deleted(8, 6, { thread: 'root' }),
    created(9, { thread: 'root' }),
  ];

  it('is the same whatever order events come in, and however often', () => {
    const inOrder = threadSummaries();
    for (const event of events) inOrder.receive(event as never);
    const expected = inOrder.current(root).thread_summary;
    expect(expected).toMatchObject({ count: 2, rev: 9 });
    const shuffled = threadSummaries();
    for (const index of [3, 1, 2, 0, 3, 2]) shuffled.receive(events[index] as never);
    expect(shuffled.current(root).thread_summary).toEqual(expected);
    expect(shuffled.current(root)).toBe(shuffled.current(root));
  });

  it('that was read later includes the replies before it', () => {
    const summaries = threadSummaries();
    for (const event of events) summaries.receive(event as never);
    const read = { ...root, thread_summary: { count: 1, people: [1], last_at: '', rev: 8 } };
    expect(summaries.current(read).thread_summary).toMatchObject({ count: 2, rev: 9 });
  });
});

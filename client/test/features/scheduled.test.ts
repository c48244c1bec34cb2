import { describe, expect, it } from 'vitest';
import { createChat } from '../../src/core.ts';
import { withScheduled } from '../../src/features/scheduled.ts';
import { MemoryNetwork } from '../../src/testing/index.ts';
import { ANN, annAndBob, live, optionsOn } from '../world.ts';

const HOUR_MS = 3_600_000;

/** Two devices of Ann's, with their lists loaded. */
async function world() {
  const { clock, server, network } = annAndBob();
  const phone = createChat(optionsOn(network), withScheduled);
  const desk = createChat(optionsOn(new MemoryNetwork(server, ANN)), withScheduled);
  /** The outcome after the network has carried it. */
  const after = async <T>(work: Promise<T>): Promise<T> => {
    const caught = work.catch((error: unknown) => error as T);
    await clock.advance(1_000);
    await caught;
    return work;
  };
  for (const chat of [phone, desk]) {
    await live(chat, clock);
    await after(chat.loadScheduled());
  }
  const inAnHour = () => new Date(clock.now() + HOUR_MS);
  const schedule = (content = 'Good morning') => after(phone.scheduleMessage(1, content, inAnHour()));
  const shown = () =>
    [phone, desk].map((chat) => chat.getScheduled()?.map(({ content, state }) => `${content} ${state}`));
  const messages = () => [...(server.rooms.get(1)?.messages.values() ?? [])].map(({ id }) => id);
  const sendDue = async (ahead_ms = HOUR_MS * 2) => {
    server.scheduled.sendDue(clock.now() + ahead_ms);
    await clock.advance(1_000);
  };
  return { after, clock, desk, inAnHour, messages, network, phone, schedule, sendDue, server, shown };
}

describe('scheduled messages', () => {
  it('are shown on all devices, and gone once they are sent under their id', async () => {
    const w = await world();
    const { id } = await w.schedule();
    expect(w.shown()).toEqual([['Good morning waiting'], ['Good morning waiting']]);
    await w.sendDue(0);
    expect(w.messages()).toEqual([]);
    await w.sendDue();
    expect([w.shown(), w.messages()]).toEqual([[[], []], [id]]);
  });

  it('are scheduled once, however often the network makes it be tried', async () => {
    const w = await world();
    w.network.sockets = 'mute';
    await w.clock.advance(1_000);
    const scheduled = w.phone.scheduleMessage(1, 'Once', w.inAnHour());
    await w.clock.advance(30_000);
    await scheduled;
    expect(w.server.scheduled.of(ANN)).toHaveLength(1);
  });

  it('are scheduled once by a caller who saw no answer and tries again, and refused with other words', async () => {
    const w = await world();
    const at = w.inAnHour();
    const id = 'a4d9a2c0-0000-4000-8000-000000000001';
    await w.after(w.phone.scheduleMessage(1, 'Once', at, { id }));
    await w.after(w.phone.scheduleMessage(1, 'Once', at, { id }));
    const other = w.after(w.phone.scheduleMessage(1, 'Twice', at, { id }));
    await expect(other).rejects.toMatchObject({ code: 'schedule_conflict' });
    expect(w.shown()).toEqual([['Once waiting'], ['Once waiting']]);
  });

  it('are sent now, once, also by two devices', async () => {
    const w = await world();
    const made = await w.schedule();
    await w.after(w.phone.sendScheduled(made));
    await w.sendDue(0);
    expect([w.messages(), w.shown()]).toEqual([[made.id], [[], []]]);
    await w.after(w.desk.sendScheduled(made));
    expect(w.messages()).toEqual([made.id]);
  });

  it('are changed from what the person saw, and refused where another device was first', async () => {
    const w = await world();
    const made = await w.schedule();
    await w.after(w.desk.changeScheduled(made, { content: 'Good evening' }));
    expect(w.shown()).toEqual([['Good evening waiting'], ['Good evening waiting']]);
    const late = w.after(w.phone.changeScheduled(made, { content: 'Good night' }));
    await expect(late).rejects.toMatchObject({ code: 'schedule_conflict' });
    expect(w.shown()).toEqual([['Good evening waiting'], ['Good evening waiting']]);
  });

  it('are cancelled, unless they were sent before', async () => {
    const w = await world();
    const [one, two] = [await w.schedule('one'), await w.schedule('two')];
    await w.after(w.phone.cancelScheduled(one.id));
    await w.after(w.phone.cancelScheduled(one.id));
    expect(w.shown()).toEqual([['two waiting'], ['two waiting']]);
    await w.sendDue();
    await expect(w.after(w.phone.cancelScheduled(two.id))).rejects.toMatchObject({ code: 'already_sent' });
    expect(w.messages()).toEqual([two.id]);
  });

  it('stay in the list where they could not be sent, and wait again when they are changed', async () => {
    const w = await world();
    await w.schedule();
    const room = w.server.rooms.get(1);
    const seat = room?.members.get(ANN);
    room?.members.delete(ANN);
    await w.sendDue();
    expect(w.shown()).toEqual([['Good morning failed'], ['Good morning failed']]);
    if (seat) room?.members.set(ANN, seat);
    const [failed] = w.phone.getScheduled() ?? [];
    if (failed) await w.after(w.phone.changeScheduled(failed, { at: w.inAnHour() }));
    expect(w.shown()).toEqual([['Good morning waiting'], ['Good morning waiting']]);
  });

  it('are read again after a connection that was lost', async () => {
    const w = await world();
    w.network.sockets = 'refused';
    w.network.http = 'down';
    w.network.closeAll(1006);
    await w.clock.advance(1_000);
    await w.after(w.desk.scheduleMessage(1, 'From the desk', w.inAnHour()));
    expect(w.shown()[0]).toEqual([]);
    w.network.sockets = 'none';
    w.network.http = 'none';
    await w.clock.advance(60_000);
    expect(w.shown()[0]).toEqual(['From the desk waiting']);
  });

  it('are refused while no transport works', async () => {
    const w = await world();
    w.network.sockets = 'refused';
    w.network.http = 'down';
    w.network.closeAll(1006);
    await w.clock.advance(60_000);
    await expect(async () => w.phone.scheduleMessage(1, 'x', w.inAnHour())).rejects.toMatchObject({ code: 'offline' });
  });
});

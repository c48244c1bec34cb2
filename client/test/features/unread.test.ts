import { describe, expect, it } from 'vitest';
import { createFullChat } from '../../src/full.ts';
import { withUnread } from '../../src/features/unread.ts';
import type { Core } from '../../src/core.ts';
import { COMMANDS } from '../../src/commands.ts';
import { MemoryNetwork } from '../../src/testing/index.ts';
import { ANN, annAndBob, BOB, live, optionsOn } from '../world.ts';

/** Ann's client with `withUnread`, connected; room 1 holds four messages by Bob, and all are read. */
async function world() {
  const { clock, server } = annAndBob();
  for (const text of ['one', 'two', 'three', 'four']) server.post(1, BOB, text);
  server.run(ANN, 'mark_read', { room_id: 1, seq: 4 });
  const device = async () => {
    const network = new MemoryNetwork(server, ANN);
    const cores: Core[] = [];
    const made = createFullChat({ ...optionsOn(network), commands: COMMANDS }, (core) => (cores.push(core), {}));
    const chat = Object.assign(made, withUnread(cores[0] as Core));
    await live(chat, clock);
    const row = () => {
      const { unread_count, read_seq, unread_from } = chat.getSnapshot().rooms[0] ?? {};
      return { unread_count, read_seq, unread_from };
    };
    return { network, chat, row, first: () => chat.getTimeline(1).firstUnreadSeq };
  };
  const unreadFrom = async (chat: { markUnread(roomId: number, seq: number): Promise<void> }, seq: number) => {
    const marked = chat.markUnread(1, seq);
    await clock.advance(1_000);
    await marked;
  };
  const member = () => server.rooms.get(1)?.members.get(ANN);
  return { clock, server, device, unreadFrom, member };
}
const cut = (network: MemoryNetwork): void => {
  Object.assign(network, { http: 'down', sockets: 'refused' });
  network.closeAll(1006);
};
const mend = (network: MemoryNetwork): void => void Object.assign(network, { http: 'none', sockets: 'none' });
const READ = { unread_count: 0, read_seq: 4, unread_from: undefined };

describe('a room that is marked as unread', () => {
  it('is so on all devices, from that message on', async () => {
    const w = await world();
    const [here, there] = [await w.device(), await w.device()];
    await w.unreadFrom(here.chat, 3);
    for (const device of [here, there]) {
      expect(device.row()).toEqual({ unread_count: 2, read_seq: 4, unread_from: 3 });
      expect(device.first()).toBe(3);
      const view = device.chat.getTimeline(1);
      expect(device.chat.getTimeline(1)).toBe(view);
    }
  });

  it('stays unread while it is open, whatever arrives, and is read with the next visit', async () => {
    const w = await world();
    const [here, there] = [await w.device(), await w.device()];
    await w.unreadFrom(here.chat, 3);
    w.server.post(1, BOB, 'five');
    await w.clock.advance(1_000);
    for (const { chat, row } of [here, there]) {
      chat.markRead(1, 5);
      await w.clock.advance(1_000);
      expect(row()).toEqual({ unread_count: 3, read_seq: 4, unread_from: 3 });
    }
    here.chat.resumeReading(1);
    void here.chat.openRoom(1, { around: 3 });
    await w.clock.advance(1_000);
    expect(here.first()).toBe(3);
    here.chat.markRead(1, 5);
    expect(here.row()).toEqual({ ...READ, read_seq: 5 });
    await w.clock.advance(1_000);
    expect([here.row(), there.row()]).toEqual([
      { ...READ, read_seq: 5 },
      { ...READ, read_seq: 5 },
    ]);
    expect(w.member()).toMatchObject({ read: 5, unreadFrom: undefined });
    // The divider stays for the visit.
    expect(here.first()).toBe(3);
    here.chat.resumeReading(1);
    void here.chat.openRoom(1);
    await w.clock.advance(1_000);
    expect(here.first()).toBeNull();
  });

  it('is marked again from a later message', async () => {
    const w = await world();
    const { chat, row, first } = await w.device();
    await w.unreadFrom(chat, 2);
    await w.unreadFrom(chat, 4);
    expect([row().unread_count, first()]).toEqual([1, 4]);
  });

  it('is read when the person comes back to the window, only on another device than the one that marked it', async () => {
    const w = await world();
    const [here, there] = [await w.device(), await w.device()];
    await w.unreadFrom(here.chat, 3);
    here.chat.resumeReading(1, false);
    here.chat.markRead(1, 4);
    await w.clock.advance(1_000);
    expect(here.row()).toMatchObject({ unread_count: 2, unread_from: 3 });
    there.chat.resumeReading(1, false);
    there.chat.markRead(1, 4);
    await w.clock.advance(1_000);
    expect([here.row(), there.row()]).toEqual([READ, READ]);
    expect(there.first()).toBe(3);
  });

  it('is read in parts', async () => {
    const w = await world();
    const { chat, row } = await w.device();
    await w.unreadFrom(chat, 2);
    chat.resumeReading(1);
    chat.markRead(1, 1);
    chat.markRead(1, 2);
    chat.markRead(1, 3);
    await w.clock.advance(1_000);
    expect(row()).toEqual({ unread_count: 1, read_seq: 4, unread_from: 4 });
    chat.markRead(1, 4);
    await w.clock.advance(1_000);
    expect(row()).toEqual(READ);
  });

  it('is read with its newest message where only other events follow that', async () => {
    const w = await world();
    const { chat, row } = await w.device();
    const [message] = chat.getTimeline(1).messages;
    w.server.run(BOB, 'add_reaction', { message_id: message?.id, emoji: '👍' });
    w.server.run(ANN, 'mark_read', { room_id: 1, seq: 5 });
    await w.clock.advance(1_000);
    await w.unreadFrom(chat, 3);
    chat.resumeReading(1);
    chat.markRead(1, 4);
    await w.clock.advance(1_000);
    expect(row()).toEqual({ ...READ, read_seq: 5 });
  });

  it('is counted by the server when a message in it is deleted', async () => {
    const w = await world();
    const { chat, row } = await w.device();
    await w.unreadFrom(chat, 3);
    w.server.run(BOB, 'delete_message', { message_id: chat.getTimeline(1).messages[3]?.id });
    await w.clock.advance(2_000);
    expect(row()).toMatchObject({ unread_count: 1, unread_from: 3 });
  });

  it('is so after an outage in which another device marked it, and is not read at once', async () => {
    const w = await world();
    const { chat, row, network } = await w.device();
    cut(network);
    await w.clock.advance(60_000);
    w.server.run(ANN, 'mark_unread', { room_id: 1, seq: 2 });
    mend(network);
    await w.clock.advance(60_000);
    chat.markRead(1, 4);
    await w.clock.advance(1_000);
    expect(row()).toEqual({ unread_count: 3, read_seq: 4, unread_from: 2 });
  });

  it('is read in the end when the first try fails', async () => {
    const w = await world();
    const { chat, row, network } = await w.device();
    await w.unreadFrom(chat, 1);
    chat.resumeReading(1);
    cut(network);
    chat.markRead(1, 4);
    await w.clock.advance(2_000);
    expect(row()).toEqual(READ);
    mend(network);
    await w.clock.advance(60_000);
    expect(w.member()).toMatchObject({ read: 4, unreadFrom: undefined });
    expect(row()).toEqual(READ);
  });

  it('cannot be marked offline', async () => {
    const w = await world();
    const { chat, network } = await w.device();
    cut(network);
    await w.clock.advance(120_000);
    await expect(chat.markUnread(1, 2)).rejects.toMatchObject({ code: 'offline' });
  });
});

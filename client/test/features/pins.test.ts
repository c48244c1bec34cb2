import { describe, expect, it } from 'vitest';
import { createChat } from '../../src/core.ts';
import { withPins } from '../../src/features/pins.ts';
import { annAndBob, BOB, live, optionsOn } from '../world.ts';

/** The core with pins alone, connected; the room holds `one` and `two` by Bob. */
async function world() {
  const { clock, server, network } = annAndBob();
  const [one, two] = [server.post(1, BOB, 'one'), server.post(1, BOB, 'two')];
  const chat = createChat(optionsOn(network), withPins);
  await live(chat, clock);
  /** By Bob, from his own device. */
  const bob = (type: string, fields: object) => server.run(BOB, type, { room_id: 1, ...fields });
  const pins = () => chat.getTimeline(1).pins?.map(({ content }) => content) ?? null;
  const open = async () => {
    const opened = chat.openPins(1);
    await clock.advance(1_000);
    await opened;
  };
  return { chat, clock, network, server, one, two, bob, pins, open };
}

describe('pins', () => {
  it('are loaded when asked for, and then follow the events of others', async () => {
    const w = await world();
    w.bob('pin_message', { message_id: w.one.id });
    expect(w.pins()).toBeNull();
    await w.open();
    expect(w.pins()).toEqual(['one']);
    w.bob('pin_message', { message_id: w.two.id });
    await w.clock.advance(1_000);
    expect(w.pins()).toEqual(['two', 'one']);
    w.bob('edit_message', { message_id: w.two.id, content: 'changed' });
    w.bob('unpin_message', { message_id: w.one.id });
    await w.clock.advance(1_000);
    expect(w.pins()).toEqual(['changed']);
    w.bob('delete_message', { message_id: w.two.id });
    await w.clock.advance(1_000);
    expect(w.pins()).toEqual([]);
  });

  it('are given and taken, and the message shows it', async () => {
    const w = await world();
    await w.open();
    const shown = () => w.chat.getTimeline(1).messages.map(({ pinned }) => pinned);
    const pinned = w.chat.pin(w.one, true);
    await w.clock.advance(1_000);
    await pinned;
    expect([w.pins(), shown()]).toEqual([['one'], [true, false]]);
    const unpinned = w.chat.pin(w.one, false);
    await w.clock.advance(1_000);
    await unpinned;
    expect([w.pins(), shown()]).toEqual([[], [false, false]]);
  });

  it('are right after an event that was lost and repaired', async () => {
    const w = await world();
    w.bob('pin_message', { message_id: w.one.id });
    await w.open();
    w.server.deafNext = 1;
    w.bob('unpin_message', { message_id: w.one.id });
    await w.clock.advance(1_000);
    expect(w.pins()).toEqual(['one']);
    w.server.post(1, BOB, 'three');
    await w.clock.advance(2_000);
    expect(w.pins()).toEqual([]);
  });

  it('are read again where they changed while they were read', async () => {
    const w = await world();
    w.bob('pin_message', { message_id: w.one.id });
    const opened = w.chat.openPins(1);
    w.bob('unpin_message', { message_id: w.one.id });
    w.bob('pin_message', { message_id: w.two.id });
    await w.clock.advance(1_000);
    await opened;
    expect(w.pins()).toEqual(['two']);
  });

  it('are not read again for messages that are none of them, however busy the room is', async () => {
    const w = await world();
    w.bob('pin_message', { message_id: w.one.id });
    await w.clock.advance(100);
    const opened = w.chat.openPins(1);
    for (let n = 0; n < 40; n++) {
      w.bob('add_reaction', { message_id: w.server.post(1, BOB, `${n}`).id, emoji: '👍' });
      await w.clock.advance(10);
    }
    await opened;
    expect(w.network.said.filter(({ type }) => type === 'get_pins')).toHaveLength(1);
    expect(w.pins()).toEqual(['one']);
  });

  it('are right where an unpin arrives after a later event of its message', async () => {
    const w = await world();
    w.bob('pin_message', { message_id: w.one.id });
    await w.open();
    w.server.deafNext = 1;
    w.bob('unpin_message', { message_id: w.one.id });
    w.bob('add_reaction', { message_id: w.one.id, emoji: '👍' });
    await w.clock.advance(2_000);
    expect(w.pins()).toEqual([]);
  });

  it('are refused beyond the number that a room holds', async () => {
    const w = await world();
    for (let n = 0; n < 50; n++) w.bob('pin_message', { message_id: w.server.post(1, BOB, `${n}`).id });
    const refused = expect(w.chat.pin(w.one, true)).rejects.toMatchObject({ code: 'invalid', final: true });
    await w.clock.advance(1_000);
    await refused;
  });

  it('are released with the room', async () => {
    const w = await world();
    await w.open();
    w.chat.closeRoom(1);
    expect(w.pins()).toBeNull();
  });
});

import { describe, expect, it } from 'vitest';
import { createChat } from '../../src/core.ts';
import { withDetails } from '../../src/features/details.ts';
import { annAndBob, BOB, live, optionsOn } from '../world.ts';

async function world() {
  const { clock, server, network } = annAndBob();
  const chat = createChat(optionsOn(network), withDetails);
  await live(chat, clock);
  const details = async (id: string) => {
    const answer = chat.getMessageDetails(id);
    const caught = answer.catch(() => undefined);
    await clock.advance(5_000);
    await caught;
    return answer;
  };
  return { clock, details, network, server };
}

describe('details of a message', () => {
  it('are those of now, on either transport', async () => {
    const { clock, details, network, server } = await world();
    const { id, created_at } = server.post(1, BOB, 'Hello');
    expect(await details(id)).toEqual({ accepted_at: created_at, seq: 1, edits: [], via: 'websocket' });
    await clock.advance(1_000);
    server.run(BOB, 'edit_message', { message_id: id, content: 'Hello, all' });
    network.sockets = 'refused';
    network.closeAll(1006);
    expect((await details(id)).edits).toHaveLength(1);
  });

  it('say who has seen it, where the room shows that', async () => {
    const { details, server } = await world();
    const { id } = server.post(1, BOB, 'Hello');
    const room = server.rooms.get(1);
    if (room) room.showsSeen = true;
    expect((await details(id)).seen_by).toEqual({ count: 0, people: [] });
    server.run(1, 'mark_read', { room_id: 1, seq: 1 });
    expect((await details(id)).seen_by).toMatchObject({ count: 1, people: [{ id: 1 }] });
  });

  it('are refused for a message that is deleted or unknown', async () => {
    const { details, server } = await world();
    const { id } = server.post(1, BOB, 'Hello');
    server.run(BOB, 'delete_message', { message_id: id });
    await expect(details(id)).rejects.toMatchObject({ code: 'message_deleted' });
    await expect(details('a4d9a2c0-0000-4000-8000-000000000001')).rejects.toMatchObject({ code: 'message_not_found' });
  });
});

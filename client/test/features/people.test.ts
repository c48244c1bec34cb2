import { describe, expect, it } from 'vitest';
import { createChat } from '../../src/core.ts';
import { withPeople } from '../../src/features/people.ts';
import type { ServerFrame, User } from '../../src/protocol.ts';
import { ANN, annAndBob, BOB, live, optionsOn } from '../world.ts';

const ROBERT: User = { id: BOB, username: 'robert', display_name: 'Robert', avatar_url: '/bob.webp' };

/** The core with people alone, connected; Bob wrote and Ann answered. */
async function world() {
  const { clock, server, network } = annAndBob();
  const one = server.post(1, BOB, 'one');
  server.run(ANN, 'send_message', { id: 'a', room_id: 1, content: 'two', reply_to: one.id });
  server.post(1, BOB, 'three');
  const chat = createChat(optionsOn(network), withPeople);
  await live(chat, clock);
  const say = async (frame: ServerFrame) => {
    network.say(frame);
    await clock.advance(50);
  };
  const messages = () => chat.getTimeline(1).messages;
  return { chat, say, messages, server };
}

describe('people', () => {
  it('are shown by their new names in messages, quotes and the list, and nothing else changes', async () => {
    const w = await world();
    const [, before] = w.messages();
    const ann = before?.sender;
    await w.say({ type: 'person_updated', user_version: 6, user: ROBERT });
    const [one, two, three] = w.messages();
    expect([one?.sender, three?.sender, two?.reply_to?.sender]).toEqual([ROBERT, ROBERT, ROBERT]);
    expect(two?.sender).toBe(ann);
    const [room] = w.chat.getSnapshot().rooms;
    expect(room?.members.find(({ id }) => id === BOB)).toEqual(ROBERT);
    expect(room?.last_message?.sender).toEqual(ROBERT);
  });

  it('stay the same objects where the frame comes twice', async () => {
    const w = await world();
    await w.say({ type: 'person_updated', user_version: 6, user: ROBERT });
    const before = w.messages();
    await w.say({ type: 'person_updated', user_version: 6, user: ROBERT });
    expect(w.messages()).toBe(before);
  });

  it('are renamed by the next list where the frame was lost', async () => {
    const w = await world();
    w.server.users.set(BOB, ROBERT);
    const [room] = w.chat.getSnapshot().rooms;
    const rooms = [{ ...room, members: [w.messages()[1]?.sender, ROBERT] }];
    await w.say({ type: 'room_list', rooms, timestamp: '', user_version: 7, epoch: '' } as never);
    expect(w.messages()[0]?.sender).toEqual(ROBERT);
  });
});

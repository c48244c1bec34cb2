import type { Message } from '@backchannel/client';
import { uuidv7 } from '@backchannel/client';
import { vi, expect } from 'vitest';
import { openThread } from '../../src/app/threads.ts';
import { ANN, BOB, world } from '../app/world.tsx';

/** Ann's and Bob's talk in the first room, read by Ann; `root` is hers, `other` his. */
export function talked() {
  openThread.set(null);
  const made = world();
  const { server } = made;
  const root = server.post(1, ANN, 'shall we paint the shed?');
  const other = server.post(1, BOB, 'the ladder is gone');
  server.run(ANN, 'mark_read', { room_id: 1, seq: 2 });
  /** By Bob, from his own device. */
  const reply = (thread: string, content: string, more: object = {}): Message => {
    const fields = { room_id: 1, id: uuidv7(Date.now()), content, thread, ...more };
    return (server.run(BOB, 'send_message', fields) as { message: Message }).message;
  };
  const open = async (path?: string) => {
    const opened = await made.open(path);
    await opened.connected();
    const { screen } = opened;
    return {
      ...opened,
      panel: screen.getByRole('complementary', { name: 'Thread' }),
      replies: screen.getByRole('feed', { name: 'Thread' }),
      room: screen.getByRole('feed', { name: 'Messages' }),
      /** The same where a panel lies over it: it stays, and is not there for screen readers. */
      coveredRoom: screen.getByRole('feed', { name: 'Messages', includeHidden: true }),
      field: screen.getByRole('textbox', { name: 'Reply in this thread' }),
      summary: (count: string) => screen.getByRole('button', { name: new RegExp(`^${count},`) }),
    };
  };
  return { ...made, root, other, reply, open };
}

/** What the server has of a thread. */
export const stored = (server: ReturnType<typeof talked>['server'], root: string): readonly Message[] =>
  [...(server.rooms.get(1)?.messages.values() ?? [])].filter(({ thread }) => thread === root);

export const untilStored = (server: ReturnType<typeof talked>['server'], root: string, content: string) =>
  vi.waitFor(() => expect(stored(server, root).map((each) => each.content)).toContain(content));

import { describe, expect, it } from 'vitest';
import { ANN, BOB, liveWorld } from '../world.ts';

describe('what was unread', () => {
  it('begins at the first message of another person, and stays put until the room is opened again', async () => {
    const w = await liveWorld({}, (server) => {
      server.post(1, BOB, 'read');
      server.run(ANN, 'mark_read', { room_id: 1, seq: 1 });
      server.post(1, ANN, 'mine');
      server.post(1, BOB, 'unread');
      server.post(1, BOB, 'unread too');
    });
    const first = (): number | null => w.chat.getTimeline(1).firstUnreadSeq;
    expect(first()).toBe(3);
    const view = w.chat.getTimeline(1);
    expect(w.chat.getTimeline(1)).toBe(view);
    w.chat.markRead(1, 4);
    w.server.post(1, BOB, 'later');
    await w.clock.advance(1_000);
    expect(first()).toBe(3);
    w.chat.markRead(1, 5);
    await w.clock.advance(1_000);
    void w.chat.openRoom(1);
    expect(first()).toBeNull();
  });
});

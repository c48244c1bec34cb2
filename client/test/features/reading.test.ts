import { describe, expect, it } from 'vitest';
import { ANN, BOB, liveWorld } from '../world.ts';

describe('the first unread message', () => {
  it("is another person's, and stays until the room is opened again", async () => {
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

  it('is unknown while older unread messages are not held', async () => {
    const w = await liveWorld({}, (server) => {
      for (let n = 1; n <= 200; n += 1) server.post(1, BOB, `${n}`);
      server.run(ANN, 'mark_read', { room_id: 1, seq: 20 });
    });
    // The newest page begins far behind the mark.
    expect(w.chat.getTimeline(1).messages[0]?.seq).toBe(151);
    expect(w.chat.getTimeline(1).firstUnreadSeq).toBeNull();
    void w.chat.openRoom(1, { around: 21 });
    await w.clock.advance(1_000);
    expect(w.chat.getTimeline(1)).toMatchObject({ firstUnreadSeq: 21, hasNewer: true });
    // A jump elsewhere in the room is no new visit.
    w.chat.markRead(1, 200);
    void w.chat.openRoom(1, { around: 30 });
    expect(w.chat.getTimeline(1).firstUnreadSeq).toBe(21);
    void w.chat.openRoom(1);
    await w.clock.advance(1_000);
    expect(w.chat.getTimeline(1).firstUnreadSeq).toBeNull();
  });

  it('is no deleted one', async () => {
    const w = await liveWorld({}, (server) => {
      const first = server.post(1, BOB, 'oops');
      server.post(1, BOB, 'unread');
      server.run(BOB, 'delete_message', { message_id: first.id });
    });
    expect(w.chat.getTimeline(1).firstUnreadSeq).toBe(2);
  });
});

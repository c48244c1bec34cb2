/**
 * The tests that every transport passes: the same commands, the same answers, the same refusals.
 */
import { describe, expect, it } from 'vitest';
import type { Transport } from '../transports/transport.ts';
import { uuidv7 } from '../uuid.ts';

export interface TransportUnderTest {
  readonly transport: Transport;
  /** A room of the user's, and one of others. */
  readonly roomId: number;
  readonly foreignRoomId: number;
  /** Runs `work` until it ends, with the time it needs. */
  run<T>(work: Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function transportSuite(name: string, open: () => Promise<TransportUnderTest>): void {
  const within = async (test: (t: TransportUnderTest) => Promise<void>): Promise<void> => {
    const t = await open();
    try {
      await test(t);
    } finally {
      await t.close();
    }
  };
  const refused = (t: TransportUnderTest, work: Promise<unknown>): Promise<unknown> =>
    t.run(
      work.then(
        () => 'was let through',
        (error: unknown) => error,
      ),
    );

  describe(`transport ${name}`, () => {
    it('returns the user', () =>
      within(async (t) => {
        expect(await t.run(t.transport.request('get_me', {}))).toMatchObject({
          user: { username: expect.any(String) },
        });
      }));

    it('lists the rooms', () =>
      within(async (t) => {
        const { rooms } = await t.run(t.transport.request('get_room_list', {}));
        expect(rooms.map((room) => room.id)).toContain(t.roomId);
        expect(rooms.map((room) => room.id)).not.toContain(t.foreignRoomId);
      }));

    it('stores a message once when it is sent twice', () =>
      within(async (t) => {
        const fields = { id: uuidv7(Date.now()), room_id: t.roomId, content: 'once' };
        const first = await t.run(t.transport.request('send_message', fields));
        const again = await t.run(t.transport.request('send_message', fields));
        expect([first.duplicate, again.duplicate]).toEqual([false, true]);
        expect(again.message).toEqual(first.message);
        const { messages } = await t.run(t.transport.request('get_history', { room_id: t.roomId, limit: 10 }));
        expect(messages.filter((message) => message.id === fields.id)).toEqual([first.message]);
      }));

    it('refuses an id used for something else', () =>
      within(async (t) => {
        const fields = { id: uuidv7(Date.now()), room_id: t.roomId, content: 'first' };
        await t.run(t.transport.request('send_message', fields));
        const error = await refused(t, t.transport.request('send_message', { ...fields, content: 'second' }));
        expect(error).toMatchObject({ code: 'id_reused', status: 422, final: true });
      }));

    it('encodes paths, queries and bodies', () =>
      within(async (t) => {
        const fields = { id: uuidv7(Date.now()), room_id: t.roomId, content: 'ünï©ode\n"quoted"' };
        const { message } = await t.run(t.transport.request('send_message', fields));
        const target = { message_id: message.id, emoji: '👩‍👧/?#' };
        const reacted = await t.run(t.transport.request('add_reaction', target));
        expect(reacted.message).toMatchObject({
          content: fields.content,
          reactions: [{ emoji: target.emoji, count: 1 }],
        });
        const { events, seq } = await t.run(
          t.transport.request('get_events', { room_id: t.roomId, after: message.seq - 1, limit: 10 }),
        );
        expect(events.map((event) => event.type)).toEqual(['message_created', 'reaction_added']);
        expect(seq).toBe(events.at(-1)?.seq);
      }));

    it('sends lone surrogates as U+FFFD, in texts and in paths', () =>
      within(async (t) => {
        const fields = { id: uuidv7(Date.now()), room_id: t.roomId, content: 'cut \ud83d and \udc4d, whole 👍' };
        const { message } = await t.run(t.transport.request('send_message', fields));
        expect(message.content).toBe('cut \ufffd and \ufffd, whole 👍');
        const { message: edited } = await t.run(
          t.transport.request('edit_message', { message_id: message.id, content: '\ud800' }),
        );
        expect(edited.content).toBe('\ufffd');
        const reaction = { message_id: message.id, emoji: '\udfff' };
        const { message: reacted } = await t.run(t.transport.request('add_reaction', reaction));
        expect(reacted.reactions.map(({ emoji }) => emoji)).toEqual(['\ufffd']);
      }));

    it('marks as read, forward only', () =>
      within(async (t) => {
        const fields = { id: uuidv7(Date.now()), room_id: t.roomId, content: 'to read' };
        const { message } = await t.run(t.transport.request('send_message', fields));
        const read = { room_id: t.roomId, seq: message.seq };
        expect(await t.run(t.transport.request('mark_read', read))).toMatchObject({
          read_seq: message.seq,
          unread_count: 0,
        });
        expect(await t.run(t.transport.request('mark_read', { ...read, seq: 0 }))).toMatchObject({
          read_seq: message.seq,
        });
      }));

    it('refuses with the same codes', () =>
      within(async (t) => {
        const foreign = { id: uuidv7(Date.now()), room_id: t.foreignRoomId, content: 'let me in' };
        expect(await refused(t, t.transport.request('send_message', foreign))).toMatchObject({
          code: 'not_a_member',
          status: 403,
        });
        const unknown = { message_id: uuidv7(Date.now()), content: 'x' };
        expect(await refused(t, t.transport.request('edit_message', unknown))).toMatchObject({
          name: 'ChatError',
          code: 'message_not_found',
          status: 404,
        });
      }));
  });
}

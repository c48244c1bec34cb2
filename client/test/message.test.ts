import { describe, expect, it } from 'vitest';
import { changeMessage, changeQuote, excerpt, type MessageEvent } from '../src/message.ts';
import { FakeClock, MemoryServer } from '../src/testing/index.ts';
import { deleted, edited, message, quote, reacted } from './make.ts';

const event = (of: ReturnType<typeof edited>): MessageEvent => of as MessageEvent;

describe('an event', () => {
  it('replaces an edited or deleted message', () => {
    expect(changeMessage(message(1), event(edited(5, 1, 'new')))).toMatchObject({ content: 'new', rev_seq: 5 });
    expect(changeMessage(message(1), event(deleted(6, 1)))).toMatchObject({ content: '', deleted: true, rev_seq: 6 });
  });

  it('adds and removes a reaction of one user', () => {
    const one = changeMessage(message(1), event(reacted(2, 1, 7)));
    expect(one).toMatchObject({ rev_seq: 2, reactions: [{ emoji: '👍', count: 1, user_ids: [7] }] });
    const two = changeMessage(one, event(reacted(3, 1, 8)));
    expect(two.reactions).toEqual([{ emoji: '👍', count: 2, user_ids: [7, 8] }]);
    expect(changeMessage(two, event(reacted(4, 1, 8))).reactions).toEqual(two.reactions.map((r) => ({ ...r })));
    const none = changeMessage(changeMessage(two, event(reacted(5, 1, 7, false))), event(reacted(6, 1, 8, false)));
    expect(none.reactions).toEqual([]);
  });

  it('changes the quotes of its message, and no others', () => {
    const reply = message(2, { reply_to: quote(1) });
    expect(changeQuote(reply, message(1, { content: 'new' })).reply_to?.excerpt).toBe('new');
    expect(changeQuote(reply, message(1))).toBe(reply);
    expect(changeQuote(reply, message(3, { content: 'new' }))).toBe(reply);
  });
});

describe('the server in memory', () => {
  it('has the same messages after it has read its log again', () => {
    const server = new MemoryServer(new FakeClock(), ['ann', 'bob']);
    const room = server.createRoom([1, 2]);
    const first = server.post(1, 2, 'first');
    server.post(1, 1, 'reply', first.id);
    server.run(1, 'add_reaction', { message_id: first.id, emoji: '👍' });
    server.run(2, 'edit_message', { message_id: first.id, content: 'changed' });
    const before = [...room.messages.values()];
    expect(before).toMatchObject([
      { content: 'changed', reactions: [{ count: 1 }] },
      { reply_to: { excerpt: 'changed' } },
    ]);
    server.rewind(room.log.length);
    expect([...room.messages.values()]).toEqual(before);
  });
});

describe('excerpts', () => {
  const of = (content: string, ...names: string[]) =>
    excerpt({ content, attachments: names.map((name) => ({ id: name, name, size: 1, content_type: '', url: '' })) });

  it("are one line of at most 140 characters, like the server's", () => {
    expect(of('  a\n\n b\tc ')).toBe('a b c');
    expect(of('x'.repeat(140))).toBe('x'.repeat(140));
    expect(of('x'.repeat(141))).toBe(`${'x'.repeat(139)}…`);
    expect(of('x'.repeat(20_000))).toBe(`${'x'.repeat(139)}…`);
    expect(of('')).toBe('');
  });

  it('name the files where the text is blank', () => {
    expect(of(' \n', 'mill.jpg', 'plan.pdf')).toBe('mill.jpg, plan.pdf');
    expect(of('See this.', 'mill.jpg')).toBe('See this.');
    expect(of('', 'x'.repeat(141))).toBe(`${'x'.repeat(139)}…`);
  });
});

/**
 * What the app is compared with: all messages of a room in one list, every one of them in the document, as one writes it
 * first. The rows are memoised and keyed, so that a new message draws one new row; the client below is the app's.
 */
import { createFullChat } from '@backchannel/client/full';
import type { Message, RoomId } from '@backchannel/client';
import { createElement, memo, useEffect, useLayoutEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

const PAGE = 200;

interface RowProps {
  readonly message: Message;
  readonly first: boolean;
}

const Row = memo(function Row({ message, first }: RowProps) {
  return createElement(
    'article',
    { 'data-message': message.id },
    first && createElement('b', null, message.sender.display_name),
    createElement('time', null, message.created_at.slice(11, 16)),
    createElement('p', null, message.content),
  );
});

/** The whole room, from its newest message back to its first. */
async function history(room: RoomId): Promise<readonly Message[]> {
  const held: Message[] = [];
  for (let more = true; more; ) {
    const before = held[0] ? `&before=${held[0].seq}` : '';
    const answer = await fetch(`/api/rooms/${room}/messages?limit=${PAGE}${before}`);
    const page = (await answer.json()) as { readonly messages: readonly Message[]; readonly has_more: boolean };
    held.unshift(...page.messages);
    more = page.has_more && page.messages.length > 0;
  }
  return held;
}

function List({ room }: { readonly room: RoomId }) {
  const [messages, setMessages] = useState<readonly Message[]>([]);

  useEffect(() => {
    const chat = createFullChat({ client: { name: 'plain-list', version: '0' } });
    const add = () =>
      setMessages((held) => {
        const last = held.at(-1)?.seq ?? Number.POSITIVE_INFINITY;
        const more = chat.getTimeline(room).messages.filter(({ seq }) => seq > last);
        return more.length > 0 ? [...held, ...more] : held;
      });
    void history(room).then((all) => {
      setMessages(all);
      chat.subscribeTimeline(room, add);
      chat.connect();
      void chat.openRoom(room);
    });
  }, [room]);

  // oxlint-disable-next-line react/exhaustive-deps -- whatever came last is in sight
  useLayoutEffect(() => {
    document.documentElement.scrollTop = document.documentElement.scrollHeight;
  }, [messages]);

  return createElement(
    'main',
    { 'data-messages': messages.length },
    messages.map((message, at) =>
      createElement(Row, { key: message.id, message, first: messages[at - 1]?.sender.id !== message.sender.id }),
    ),
  );
}

const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root.');
createRoot(root).render(createElement(List, { room: Number(location.hash.slice(1)) }));

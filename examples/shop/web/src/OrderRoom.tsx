import { useChat, useTimeline } from '@backchannel/react';
import { type ReactNode, useEffect, useRef } from 'react';
import { Composer } from './Composer.tsx';
import { NotSent } from './NotSent.tsx';

interface OrderRoomProps {
  readonly roomId: number;
  readonly title: string;
  readonly children?: ReactNode;
}

/** The conversation about one order. */
export function OrderRoom({ roomId, title, children }: OrderRoomProps): ReactNode {
  return (
    <section className="room" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {children}
      </header>
      <Timeline roomId={roomId} />
      <Composer roomId={roomId} />
    </section>
  );
}

// --8<-- [start:timeline]
function Timeline({ roomId }: { readonly roomId: number }): ReactNode {
  const chat = useChat();
  const { messages, pending, hasOlder, loading } = useTimeline(roomId);
  const end = useRef<HTMLDivElement>(null);
  const newest = messages.at(-1)?.seq ?? 0;

  useEffect(() => {
    chat.markRead(roomId, newest);
    end.current?.scrollIntoView({ block: 'end' });
  }, [chat, roomId, newest]);

  return (
    <div className="timeline">
      {hasOlder && (
        <button type="button" disabled={loading !== null} onClick={() => void chat.loadOlder(roomId)}>
          Earlier messages
        </button>
      )}
      <ol aria-label="Messages">
        {messages
          .filter((message) => !message.deleted)
          .map((message) => (
            <li key={message.id}>
              <bdi>{message.sender.display_name}</bdi> {message.content}
            </li>
          ))}
        {pending.map((item) => (
          <li key={item.id} data-state={item.state}>
            {item.content} {item.state === 'failed' ? <NotSent item={item} /> : '…'}
          </li>
        ))}
      </ol>
      <div ref={end} />
    </div>
  );
}
// --8<-- [end:timeline]

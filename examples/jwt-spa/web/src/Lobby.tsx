import { useChat, useCurrentUser, useTimeline, useUnifiedChat } from '@backchannel/react';
import { type ReactNode, useEffect, useState } from 'react';
import { call, signOut } from './session.ts';
import { textOf } from './textOf.ts';

/** The room that everybody of the site is in. The site's own API makes it, and says which one it is. */
export function Lobby(): ReactNode {
  const chat = useChat();
  const me = useCurrentUser();
  const [roomId, setRoomId] = useState<number | null>(null);
  const [error, setError] = useState('');

  useEffect(() => {
    call<{ room_id: number }>('/api/lobby/', {}).then(
      ({ room_id }) => setRoomId(room_id),
      (caught: unknown) => setError(String(caught)),
    );
  }, []);

  async function leave(): Promise<void> {
    await chat.forget();
    await signOut();
  }

  return (
    <main>
      <p>
        {me?.display_name}{' '}
        <button type="button" onClick={() => void leave()}>
          Sign out
        </button>
      </p>
      {error && <p role="alert">{error}</p>}
      {roomId !== null && <Room id={roomId} />}
    </main>
  );
}

function Room({ id }: { readonly id: number }): ReactNode {
  const { messages, pending } = useTimeline(id);
  const { sendChatMessage } = useUnifiedChat();

  function send(form: FormData): void {
    // The outbox has it from here on; one that is refused stays in `pending` with its error.
    sendChatMessage(id, textOf(form, 'text')).catch(() => undefined);
  }

  return (
    <section>
      <ol aria-label="Messages">
        {messages.map((message) => (
          <li key={message.id}>
            <bdi>{message.sender.display_name}</bdi>: {message.deleted ? '' : message.content}
          </li>
        ))}
        {pending.map((item) => (
          <li key={item.id}>
            {item.content} {item.state === 'failed' ? item.error?.detail : '…'}
          </li>
        ))}
      </ol>
      <form action={send}>
        <input name="text" aria-label="Message" autoComplete="off" required />
        <button type="submit">Send</button>
      </form>
    </section>
  );
}

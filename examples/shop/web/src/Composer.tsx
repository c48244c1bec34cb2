import { useUnifiedChat } from '@backchannel/react';
import { type KeyboardEvent, type ReactNode, useState } from 'react';
import { readDraft, writeDraft } from './drafts.ts';

// --8<-- [start:composer]
/** What is typed is a draft on this device at each key press, and in the client's outbox once it is sent: a reload loses neither. */
export function Composer({ roomId }: { readonly roomId: number }): ReactNode {
  const { sendChatMessage } = useUnifiedChat();
  const [text, setText] = useState(() => readDraft(roomId));

  function type(next: string): void {
    setText(next);
    writeDraft(roomId, next);
  }

  function send(): void {
    if (!text.trim()) return;
    // The outbox has it from here on; one that is refused stays in `pending` with its error, where the timeline shows it.
    sendChatMessage(roomId, text).catch(() => undefined);
    type('');
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  }

  return (
    <form action={send}>
      <textarea
        aria-label="Message"
        rows={2}
        value={text}
        onChange={(event) => type(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <button type="submit">Send</button>
    </form>
  );
}
// --8<-- [end:composer]

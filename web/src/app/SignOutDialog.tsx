import { useEffect, useRef, useState } from 'react';
import { type Unsent, useUnsent } from '../features/outbox/useUnsent.ts';
import { countText, reasonText } from '../features/outbox/texts.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { toast } from '../ui/Toasts.tsx';
import { useChat, useChatState } from './chat.ts';
import { openPanel } from './panels.ts';
import { useSignedIn } from './signedIn.ts';

const REFRESH_MS = 400;
/** Without progress for this long, sending counts as failed and the dialog shows what was not sent, and why. */
const PROGRESS_MS = 20_000;

type Phase = 'asking' | 'sending' | 'not sent' | 'signing out';

/** Asks before signing out and, if any tab has unsent messages, what to do with them. */
export function SignOutDialog({ onClose }: { readonly onClose: () => void }) {
  const { signOut, workspace, tabs } = useSignedIn();
  const chat = useChat();
  const unsent = useUnsent(REFRESH_MS);
  const offline = useChatState((state) => state.connection.status === 'error');
  const [phase, setPhase] = useState<Phase>('asking');
  const { length } = unsent;

  const startSignOut = useRef(() => {});
  startSignOut.current = () => {
    setPhase('signing out');
    signOut().catch(() => {
      setPhase('asking');
      toast('Signing out did not work. Check your connection and try again.', 'problem');
    });
  };
  const refused = length > 0 && unsent.every(({ item }) => item.state === 'failed');
  useEffect(() => {
    if (phase !== 'sending') return undefined;
    if (length === 0) startSignOut.current();
    if (refused) setPhase('not sent');
    const timer = setTimeout(() => setPhase('not sent'), PROGRESS_MS);
    return () => clearTimeout(timer);
  }, [phase, length, refused]);

  const sendFirst = async () => {
    // A busy or frozen tab may not hand over its messages; it stays responsible for sending them.
    await Promise.all(unsent.map(async ({ item, elsewhere }) => elsewhere && tabs.take(item.id)));
    chat.retryAll();
    chat.retryNow();
    setPhase('sending');
  };
  const show = () => {
    onClose();
    openPanel.set('unsent');
  };
  return (
    <Dialog
      title={`Sign out of ${workspace}?`}
      onClose={onClose}
      footer={
        <>
          <Button look="ghost" onClick={onClose}>
            Stay
          </Button>
          {length > 0 && <Button onClick={show}>Show them</Button>}
          {length > 0 && (
            <Button busy={phase === 'sending'} onClick={() => void sendFirst()}>
              {phase === 'not sent' ? 'Try again' : 'Send first'}
            </Button>
          )}
          <Button
            look={length > 0 ? 'danger' : 'primary'}
            busy={phase === 'signing out'}
            onClick={() => startSignOut.current()}
          >
            {length > 0 ? 'Sign out and delete them' : 'Sign out'}
          </Button>
        </>
      }
    >
      <div className="px-5 pt-1 pb-5 text-ink-soft" aria-live="polite">
        <p>{explanation(unsent, phase)}</p>
        {phase === 'not sent' && length > 0 && (
          <ul className="mt-2 flex max-h-48 flex-col gap-1 overflow-y-auto scroll-thin">
            {unsent.map(({ item }) => (
              <li key={item.id} className="text-sm">
                <span className="line-clamp-2 break-words text-ink">
                  <bdi>{item.roomName}</bdi>: <bdi>{item.content || countText([item])}</bdi>
                </span>
                <span className="text-danger">
                  {item.state === 'failed'
                    ? reasonText(item.error)
                    : offline
                      ? 'There is no connection.'
                      : 'The server did not take it yet.'}
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  );
}

function explanation(unsent: readonly Unsent[], phase: Phase): string {
  if (unsent.length === 0) return 'Your drafts are deleted from this device.';
  const have = unsent.length === 1 ? 'has' : 'have';
  const many = `${countText(unsent.map(({ item }) => item)).replace(/^1 message$/, 'One message')} ${have}`;
  if (phase === 'sending') return `${many} still to be sent. You are signed out as soon as that is done.`;
  if (phase === 'not sent') return `${many} not been sent. You are still signed in.`;
  return `${many} not been sent yet. Signing out deletes what is not sent, and your drafts, from this device.`;
}

import { useEffect, useRef, useState } from 'react';
import { type Unsent, useUnsent } from '../features/outbox/useUnsent.ts';
import { countText, reasonText } from '../features/outbox/texts.ts';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { toast } from '../ui/Toasts.tsx';
import { useChat, useChatState } from './chat.ts';
import { openPanel } from './panels.ts';
import { useSignedIn } from './signedIn.ts';

const LOOK_AGAIN_MS = 400;
/** Sending goes on for as long as something goes out at least this often; then it is said what did not, and why. */
const PROGRESS_MS = 20_000;

type Doing = 'asking' | 'sending' | 'could not' | 'leaving';

/** Asks before signing out; where something waits, in whichever tab, what is to become of it. */
export function SignOutDialog({ onClose }: { readonly onClose: () => void }) {
  const { signOut, workspace, tabs } = useSignedIn();
  const chat = useChat();
  const unsent = useUnsent(LOOK_AGAIN_MS);
  const lost = useChatState((state) => state.connection.status === 'error');
  const [doing, setDoing] = useState<Doing>('asking');
  const { length } = unsent;

  const leave = useRef(() => {});
  leave.current = () => {
    setDoing('leaving');
    signOut().catch(() => {
      setDoing('asking');
      toast('Signing out did not work. Check your connection and try again.', 'problem');
    });
  };
  const refused = length > 0 && unsent.every(({ item }) => item.state === 'failed');
  useEffect(() => {
    if (doing !== 'sending') return undefined;
    if (length === 0) leave.current();
    if (refused) setDoing('could not');
    const timer = setTimeout(() => setDoing('could not'), PROGRESS_MS);
    return () => clearTimeout(timer);
  }, [doing, length, refused]);

  const sendFirst = async () => {
    // Another tab may be busy with something else, or hang; what it does not let go of is its own to send.
    await Promise.all(unsent.map(async ({ item, elsewhere }) => elsewhere && tabs.take(item.id)));
    chat.retryAll();
    chat.retryNow();
    setDoing('sending');
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
            <Button busy={doing === 'sending'} onClick={() => void sendFirst()}>
              {doing === 'could not' ? 'Try again' : 'Send first'}
            </Button>
          )}
          <Button look={length > 0 ? 'danger' : 'primary'} busy={doing === 'leaving'} onClick={() => leave.current()}>
            {length > 0 ? 'Sign out and delete them' : 'Sign out'}
          </Button>
        </>
      }
    >
      <div className="px-5 pt-1 pb-5 text-ink-soft" aria-live="polite">
        <p>{words(unsent, doing)}</p>
        {doing === 'could not' && length > 0 && (
          <ul className="mt-2 flex max-h-48 flex-col gap-1 overflow-y-auto scroll-thin">
            {unsent.map(({ item }) => (
              <li key={item.id} className="text-sm">
                <span className="line-clamp-2 break-words text-ink">
                  <bdi>{item.roomName}</bdi>: <bdi>{item.content || countText([item])}</bdi>
                </span>
                <span className="text-danger">
                  {item.state === 'failed'
                    ? reasonText(item.error)
                    : lost
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

function words(unsent: readonly Unsent[], doing: Doing): string {
  if (unsent.length === 0) return 'Your drafts are deleted from this device.';
  const have = unsent.length === 1 ? 'has' : 'have';
  const many = `${countText(unsent.map(({ item }) => item)).replace(/^1 message$/, 'One message')} ${have}`;
  if (doing === 'sending') return `${many} still to be sent. You are signed out as soon as that is done.`;
  if (doing === 'could not') return `${many} not been sent. You are still signed in.`;
  return `${many} not been sent yet. Signing out deletes what is not sent, and your drafts, from this device.`;
}

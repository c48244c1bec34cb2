import { useEffect, useRef, useState } from 'react';
import { Button } from '../ui/Button.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { toast } from '../ui/Toasts.tsx';
import { useChat, useChatState } from './chat.ts';
import { useSession } from './session.ts';

/** Other tabs send as well, and tell nobody how far they are. */
const LOOK_AGAIN_MS = 400;

/** Asks before signing out; where messages wait, in whichever tab, what is to become of them. */
export function SignOutDialog({ onClose }: { readonly onClose: () => void }) {
  const { signOut, workspace } = useSession();
  const chat = useChat();
  const unsent = useUnsent();
  const [doing, setDoing] = useState<'asking' | 'sending' | 'leaving'>('asking');

  const leave = useRef(() => {});
  leave.current = () => {
    setDoing('leaving');
    signOut().catch(() => {
      setDoing('asking');
      toast('Signing out did not work. Check your connection and try again.', 'problem');
    });
  };
  const ready = doing === 'sending' && unsent === 0;
  useEffect(() => {
    if (ready) leave.current();
  }, [ready]);

  const sendFirst = () => {
    setDoing('sending');
    chat.retryAll();
    chat.retryNow();
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
          {unsent > 0 && (
            <Button busy={doing === 'sending'} onClick={sendFirst}>
              Send first
            </Button>
          )}
          <Button look={unsent > 0 ? 'danger' : 'primary'} busy={doing === 'leaving'} onClick={() => leave.current()}>
            {unsent > 0 ? 'Sign out and delete them' : 'Sign out'}
          </Button>
        </>
      }
    >
      <p className="px-5 pt-1 pb-5 text-ink-soft" aria-live="polite">
        {words(unsent, doing === 'sending')}
      </p>
    </Dialog>
  );
}

function words(unsent: number, sending: boolean): string {
  if (unsent === 0) return 'Your drafts are deleted from this device.';
  const many = unsent === 1 ? 'One message has' : `${unsent} messages have`;
  if (sending) return `${many} still to be sent. You are signed out as soon as that is done.`;
  return `${many} not been sent yet. Signing out deletes what is not sent, and your drafts, from this device.`;
}

/** This tab's own, and what the device keeps of the other tabs. */
function useUnsent(): number {
  const { tabs } = useSession();
  const own = useChatState((state) => state.outbox.waiting + state.outbox.failed);
  const [kept, setKept] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let open = true;
    const look = async () => {
      const count = await tabs.unsent().catch(() => 0);
      if (!open) return;
      setKept(count);
      timer = setTimeout(() => void look(), LOOK_AGAIN_MS);
    };
    void look();
    return () => {
      open = false;
      clearTimeout(timer);
    };
  }, [tabs]);
  return Math.max(own, kept);
}

import type { MessageId, RoomId } from '@backchannel/client';
import { ChevronDown } from 'lucide-react';
import { lazy, Suspense, useRef } from 'react';
import { loadDrafts } from '../../app/lazyWithRetry.ts';
import { LoadingOverlay } from '../../ui/LoadingOverlay.tsx';

const SendLaterMenu = lazy(async () => ({ default: (await loadDrafts()).SendLaterMenu }));

/** Where the message is written, and where it is to be shown. */
export interface WrittenIn {
  readonly roomId: RoomId;
  readonly thread: MessageId | null;
  /** A reply that the room shows as well. */
  readonly inRoom: boolean;
}

interface SendLaterButtonProps {
  readonly place: WrittenIn;
  /** Why what is written cannot be scheduled; null if it can. */
  readonly problem: string | null;
  readonly open: boolean;
  readonly onOpen: (open: boolean) => void;
}

/** Beside a send button: opens the menu of times. */
export function SendLaterButton({ place, problem, open, onOpen }: SendLaterButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  const close = () => onOpen(false);
  return (
    <>
      <button
        ref={button}
        type="button"
        aria-label="Schedule for later"
        title="Schedule for later"
        aria-haspopup="menu"
        aria-expanded={open}
        onPointerDown={(event) => event.preventDefault()}
        onClick={() => onOpen(true)}
        className="-ml-1 grid h-9 w-6 shrink-0 place-items-center rounded-lg text-ink-faint hover:bg-hover hover:text-ink aria-expanded:bg-hover pointer-coarse:h-10 pointer-coarse:w-8"
      >
        <ChevronDown className="size-4" />
      </button>
      {open && (
        <Suspense fallback={<LoadingOverlay onClose={close} />}>
          <SendLaterMenu place={place} button={button} problem={problem} onClose={close} />
        </Suspense>
      )}
    </>
  );
}

/** Why what is written cannot be sent later; null if it can. `left`: bytes up to the limit. */
export function laterProblem(text: string, left: number, files: number): string | null {
  if (files > 0) return 'Messages with files cannot be scheduled.';
  if (left < 0) return 'The message is too long.';
  return text.trim() === '' ? 'Write a message to send it later.' : null;
}
